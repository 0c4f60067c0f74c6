// Parses the tags of collected answers with npm's structured-headers; run by `run`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [home, file] = process.argv.slice(2);
const installed = createRequire(`${home}/package.json`).resolve("structured-headers");
const { parseItem, parseList, Token } = await import(pathToFileURL(installed));

const joined = (headers, name) =>
  headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value).join(", ");

function checkRateLimit(headers) {
  const [[policy, quota]] = parseList(joined(headers, "ratelimit-policy"));
  const [[limit, left]] = parseList(joined(headers, "ratelimit"));
  assert.deepEqual([policy, limit], ["one", "one"]);
  assert.deepEqual([quota.get("q"), quota.get("w"), left.get("r")], [1, 3600, 0]);
  assert.ok(Number(joined(headers, "retry-after")) >= left.get("t"));
}

function check({ headers, ours, status }) {
  const [hop, hopParameters] = parseList(joined(headers, "proxy-status")).at(-1);
  assert.equal(String(hop), "outage-test");
  if (!ours) {
    assert.equal(hopParameters.has("error"), false);
    return;
  }
  assert.ok(hopParameters.get("error") instanceof Token);
  const [cause, parameters] = parseItem(joined(headers, "soe-cause"));
  assert.ok(cause instanceof Token);
  assert.match(String(cause), /^[a-z_]+\/[a-z0-9_]+$/);
  assert.ok(parameters.get("at") instanceof Date);
  if (status === 429) checkRateLimit(headers);
}

const answers = JSON.parse(readFileSync(file, "utf8"));
let failed = 0;
for (const answer of answers) {
  try {
    check(answer);
  } catch (error) {
    failed += 1;
    console.log(`${answer.fault}, ${answer.status}: ${error.message}`, answer.headers);
  }
}
console.log(`structured-headers: ${answers.length - failed} of ${answers.length} answers parse`);
process.exit(failed ? 1 : 0);
