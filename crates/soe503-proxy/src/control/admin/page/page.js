// Keeps the first page up to date, asks in dialogs, filters and copies. The pages are whole without it.
"use strict";
(() => {
  const news = document.getElementById("news");
  const link = document.getElementById("link");
  // Nothing for so long means that nobody is there: a beat comes every five seconds.
  const SILENCE = 12_000;
  // Who has pressed a button waits no longer than that for an answer.
  const PATIENCE = 15_000;
  // A page that nobody looks at for so long gives its stream back: browsers have six for each server.
  const REST = 300_000;

  // ── times ──
  const AGO = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [Infinity, "d", 86400]];
  function ago(date, now) {
    const seconds = Math.round((now - date) / 1000);
    const distance = Math.abs(seconds);
    const [, unit, of] = AGO.find(([limit]) => distance < limit);
    const text = `${Math.floor(distance / of)} ${unit}`;
    return seconds >= 0 ? `${text} ago` : `in ${text}`;
  }
  function times(within = document) {
    const now = Date.now();
    for (const one of within.querySelectorAll("time[datetime]")) {
      const at = Date.parse(one.dateTime);
      const text = "due" in one.dataset && at <= now ? "now" : ago(at, now);
      if (one.textContent !== text) one.textContent = text;
    }
  }

  // ── replacing parts: what is the same stays, with its focus, its selection and whether it is open ──
  const OURS = new Set(["open", "hidden", "data-copy"]);
  function morph(from, to) {
    if (from.nodeName !== to.nodeName || from.id !== to.id) return from.replaceWith(to);
    if (from.nodeType === Node.TEXT_NODE) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !OURS.has(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (!OURS.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
    if (from.nodeName === "TIME" && from.textContent) return;
    const old = [...from.childNodes].filter((one) => !one.dataset?.script);
    const fresh = [...to.childNodes];
    fresh.forEach((one, at) => (at < old.length ? morph(old[at], one) : from.append(one)));
    old.slice(fresh.length).forEach((one) => one.remove());
  }
  function put(id, html) {
    const there = document.getElementById(id);
    const template = document.createElement("template");
    template.innerHTML = html;
    const here = template.content.firstElementChild;
    if (!there || !here) return;
    const state = there.querySelector(".badge")?.textContent;
    // A focused button that is not there any more leaves the focus with its row, not with the page.
    const focused = there.contains(document.activeElement);
    morph(there, here);
    const now = document.getElementById(id);
    if (focused && !now.contains(document.activeElement)) now.querySelector("button, a, summary")?.focus();
    if (now.hasAttribute("data-backend") && state !== now.querySelector(".badge")?.textContent) {
      now.classList.remove("changed");
      void now.offsetWidth;
      now.classList.add("changed");
    }
    dress(now);
    times(now);
    if (id === "summary") name();
  }
  function name() {
    const title = document.querySelector("#summary h1");
    const server = document.querySelector(".server");
    // Seen among other tabs.
    const how = document.body.classList.contains("stale") ? "Not up to date" : title?.textContent;
    if (how) document.title = `${how} · ${server.textContent}`;
  }

  // ── copying ──
  function dress(within) {
    for (const one of within.querySelectorAll(".command:not([data-copy])")) {
      one.dataset.copy = "";
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.script = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${one.querySelector("code").textContent}`);
      one.append(button);
    }
  }
  async function copy(button) {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
      button.textContent = "Copied";
    } catch {
      // Not allowed here: what can be copied by hand is at least selected.
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      say("Selected. Copy it with the keyboard.");
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  // ── filtering ──
  const filter = document.getElementById("filter");
  const found = document.getElementById("found");
  function sift() {
    if (!filter) return;
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let all = 0;
    for (const pool of document.querySelectorAll("[data-pool]")) {
      const name = pool.querySelector("h3").textContent.toLowerCase();
      let here = 0;
      for (const row of pool.querySelectorAll("[data-backend]")) {
        const text = `${name} ${row.querySelector("th").textContent} ${row.querySelector(".state").textContent}`.toLowerCase();
        const fits = words.every((word) => text.includes(word));
        if (row.hidden === fits) row.hidden = !fits;
        all += 1;
        if (fits) here += 1;
      }
      shown += here;
      pool.hidden = words.length > 0 && here === 0;
      // What was looked for is seen.
      const more = pool.querySelector(":scope > details");
      if (more && words.length > 0 && here > 0 && !more.open) {
        more.open = true;
        more.dataset.sifted = "";
      } else if (more && words.length === 0 && "sifted" in more.dataset) {
        more.open = false;
        delete more.dataset.sifted;
      }
    }
    found.textContent = words.length ? `${shown} of ${all}` : "";
  }
  function readyFilter() {
    if (!filter) return;
    filter.closest(".filter").hidden = false;
    let sifting;
    filter.addEventListener("input", () => {
      // A thousand rows are laid out once for a word, not once for a letter.
      clearTimeout(sifting);
      sifting = setTimeout(sift, 100);
    });
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        filter.value = "";
        sift();
      }
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, dialog");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        filter.focus();
      }
    });
  }

  // ── saying ──
  function say(text) {
    news.textContent = "";
    // Two of the same are two.
    requestAnimationFrame(() => (news.textContent = text));
  }

  // ── acts, in a dialog ──
  let dialog;
  let opener;
  function show(page) {
    const section = page.querySelector("main .dialog");
    if (!section) throw new Error("no dialog in the answer");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.setAttribute("aria-labelledby", "question");
      dialog.addEventListener("close", () => {
        // A question that is answered is none any more, for whoever looks for headings.
        dialog.replaceChildren();
        const back = opener?.isConnected ? opener : document.getElementById("main");
        back.focus();
      });
      document.body.append(dialog);
    }
    dialog.replaceChildren(document.importNode(section, true));
    dialog.querySelector("h1").tabIndex = -1;
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("input:not([type=hidden])") ?? dialog.querySelector("button, .button")).focus();
    const result = dialog.querySelector(".result");
    if (result) say(result.textContent);
  }
  async function fetchPage(url, options) {
    // What is refused is told in a page, too.
    const headers = { Accept: "text/html" };
    const answer = await fetch(url, { credentials: "same-origin", headers, signal: AbortSignal.timeout(PATIENCE), ...options });
    if (!(answer.headers.get("content-type") ?? "").startsWith("text/html")) throw new Error(`${answer.status}, and no page`);
    return [answer, new DOMParser().parseFromString(await answer.text(), "text/html")];
  }
  async function load(url, options) {
    document.body.setAttribute("aria-busy", "true");
    try {
      const [, page] = await fetchPage(url, options);
      show(page);
    } finally {
      document.body.removeAttribute("aria-busy");
    }
  }
  function failed(error) {
    const page = document.implementation.createHTMLDocument("");
    page.body.innerHTML =
      '<main><section class="card dialog"><h1 id="question">Not done</h1><p class="trouble" role="alert"></p><p class="acts"><a class="button" href="/" data-close>Close</a></p></section></main>';
    const why = error.name === "TimeoutError" ? `no answer within ${PATIENCE / 1000} s` : error.message;
    page.querySelector(".trouble").textContent = `The proxy did not answer as expected: ${why}. Look whether anything has changed before trying again.`;
    show(page);
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asks = form.id === "act";
    if (!asks && !dialog?.contains(form)) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    const body = new URLSearchParams(data);
    if (asks) {
      opener = event.submitter;
      load(`/act?${body}`).catch(failed);
    } else {
      event.submitter.disabled = true;
      load("/act", { method: "POST", body }).catch(failed);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-script=copy]");
    if (button) return copy(button);
    if (event.target.closest("[data-close]") && dialog?.open) {
      event.preventDefault();
      dialog.close();
    }
  });

  // ── what is new ──
  function status(kind, mark, text) {
    const now = `${mark} ${text}`;
    if (link.dataset.now === now) return;
    link.dataset.now = now;
    link.className = `link ${kind}`;
    link.replaceChildren();
    const sign = document.createElement("span");
    sign.className = "mark";
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = mark;
    link.append(sign, text);
    document.body.classList.toggle("stale", kind === "lost");
    name();
  }
  let source;
  // When the page was told last how things are, and when it has asked last.
  let heard = Date.now();
  let asked = heard;
  let lost = 0;
  let seen = document.body.dataset.live;
  function connected() {
    heard = Date.now();
    lost = 0;
    status("live", "●", "live");
  }
  let paused = false;
  let rest;
  function pause() {
    paused = true;
    source.close();
    status("wait", "‖", "paused while nobody looks");
  }
  function connect() {
    if (paused) return;
    source?.close();
    asked = Date.now();
    source = new EventSource(address());
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        try {
          act(event);
        } catch {
          // The stream goes on from what was shown last.
          source.close();
          return gone("What came was not understood");
        }
        if (outdated) return again();
        if (event.lastEventId) seen = event.lastEventId;
        connected();
      });
    on("beat", () => {});
    on("parts", (event) => {
      const { parts, news: said } = JSON.parse(event.data);
      for (const [id, html] of parts) put(id, html);
      if (said.length) say(said.join(" "));
      if (filter?.value) sift();
    });
    // These two do not say that what is shown is how things are.
    source.addEventListener("again", again);
    source.addEventListener("end", () => {
      source.close();
      gone("This proxy is shutting down");
    });
    source.onerror = () => {
      // The browser itself would try again after a connection that broke, and not after an answer that is none.
      const refused = source.readyState === EventSource.CLOSED;
      source.close();
      // Connections do not live for ever: that one ends is no news, that no other begins is.
      if (lost === 0) {
        lost = 1;
        status("wait", "◌", "reconnecting");
        setTimeout(connect, 500);
      } else if (refused) refusal().then(gone);
      else gone("Disconnected");
    };
  }
  function address() {
    return `/live?from=${encodeURIComponent(seen)}`;
  }
  // A source of events does not say what it was answered: that is asked once more.
  async function refusal() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(address(), { credentials: "same-origin", signal: stop.signal });
      if (answer.ok) return "Disconnected";
      const problem = await answer.json().catch(() => ({}));
      return `Not kept up to date (${problem.title ?? "no reason given"}, ${answer.status})`;
    } catch {
      return "Disconnected";
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }
  function gone(why) {
    lost += 1;
    const wait = Math.min(10, 2 ** Math.min(lost, 4));
    const since = `${new Date(heard).toISOString().slice(11, 19)} UTC`;
    status("lost", "✕", `${why}; what is shown is as of ${since}, trying again`);
    setTimeout(connect, wait * 1000);
  }
  let loading = false;
  // What is shown is another page than the proxy's, and a stream has nothing to add to it.
  let outdated = false;
  async function again() {
    // Another page: what is typed and what is open stays.
    if (loading) return;
    loading = true;
    outdated = true;
    try {
      const [answer, page] = await fetchPage("/");
      const main = page.querySelector("main");
      // Whatever answers in the proxy's place has no number of a look.
      if (!answer.ok || !main || !page.body.dataset.live) throw new Error("no page");
      const open = [...document.querySelectorAll("main details[open][id]")].map((one) => one.id);
      const text = filter?.value;
      document.getElementById("main").replaceWith(document.adoptNode(main));
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      const box = document.getElementById("filter");
      if (box && filter) box.closest("div").replaceWith(filter.closest("div"));
      if (text) sift();
      seen = page.body.dataset.live;
      heard = Date.now();
      outdated = false;
      dress(document);
      times();
      name();
      connect();
    } catch {
      source?.close();
      gone("The page could not be loaded again");
    } finally {
      loading = false;
    }
  }

  times();
  name();
  dress(document);
  readyFilter();
  setInterval(() => document.hidden || times(), 1000);
  if (seen) {
    status("wait", "◌", "connecting");
    connect();
    setInterval(() => {
      // A proxy that takes the connection and says nothing is none, either.
      const since = source.readyState === EventSource.OPEN ? Math.max(heard, asked) : asked;
      if (Date.now() - since > SILENCE && source.readyState !== EventSource.CLOSED) {
        source.close();
        gone("Nothing heard");
      }
    }, 2000);
    document.addEventListener("visibilitychange", () => {
      clearTimeout(rest);
      if (document.hidden) {
        rest = setTimeout(pause, REST);
        return;
      }
      times();
      if (paused) {
        paused = false;
        connect();
      }
    });
  }
})();
