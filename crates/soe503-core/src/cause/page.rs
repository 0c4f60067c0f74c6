//! The documentation page, from the table.

use core::fmt::Write;

use super::{Category, Cause, CauseInfo};

/// `docs/causes.md`: every cause with its meaning, proof, status, headers and remedies.
///
/// Pure and deterministic, so that a test compares the committed page with it.
pub fn page() -> String {
    let mut out = String::with_capacity(64 * 1024);
    out.push_str(INTRODUCTION);
    for category in Category::ALL {
        contents(&mut out, *category);
    }
    for category in Category::ALL {
        let _ = write!(out, "\n## {}\n\n{}\n", category.id(), preface(*category));
        for cause in Cause::ALL.iter().filter(|c| c.category() == *category) {
            section(&mut out, cause.info());
        }
    }
    out
}

const INTRODUCTION: &str = "\
# Causes

Generated from the table in `crates/soe503-core/src/cause/table`; edit that, not this page.

An answer of ours that is a failure carries `Soe-Cause: <identifier>; …`, and its problem document \
has the identifier as `cause` and a link to this page as `type`. Identifiers are stable: once \
released, one is never renamed and never reused. The same identifier is the label `cause` of the \
metrics, OpenTelemetry's `error.type` and, in capitals, the `reason` of gRPC's `ErrorInfo`.

How sure we are is the parameter `grade`: **proven** by our own decision, a system call's error, a \
TLS alert or parsed bytes; **inferred** by a rule whose counter-checks passed; **suspected** where a \
counter-check was not possible.

\"Waiting\" says how `Retry-After` is computed; up to 20 % is added at random so that clients do not \
return all at once. \"Replaying\" says what sending the request again risks. \"Elsewhere\" is what \
other proxies show for the same fault (response flags of Envoy 1.40, termination states of \
HAProxy 2.6).
";

/// The list of a category's causes with links.
fn contents(out: &mut String, category: Category) {
    let causes: Vec<_> = Cause::ALL
        .iter()
        .filter(|c| c.category() == category)
        .collect();
    let _ = write!(
        out,
        "\n**[{}](#{})** ({})\n\n",
        category,
        category.id(),
        causes.len()
    );
    for cause in causes {
        let _ = writeln!(out, "- [`{cause}`](#{cause}): {}", cause.info().title);
    }
}

fn preface(category: Category) -> &'static str {
    match category {
        Category::Overload => {
            "More work than can be done now. Fewer requests or more capacity help."
        }
        Category::Maintenance => {
            "Somebody wants it so. It ends by itself, or by the one who began it."
        }
        Category::DependencyFailure => {
            "Something behind us is broken. We keep trying; it has to be repaired there."
        }
        Category::Misconfiguration => {
            "Something is set wrongly, here or behind us. Waiting rarely helps; somebody has to correct it."
        }
        Category::ResourceExhaustion => "A machine ran out of something.",
        Category::CircuitOpen => {
            "We stopped trying, to spare the backends and the callers. The parameter `root` names the failures \
             behind it: that is what has to be cured."
        }
        Category::Unknown => "Nothing known explains it.",
    }
}

fn section(out: &mut String, info: &CauseInfo) {
    let cause = info.cause;
    // The identifier itself is the anchor; a heading's automatic anchor would lose the slash.
    let _ = write!(
        out,
        "\n<a id=\"{cause}\"></a>\n\n### `{cause}`\n\n**{}.** {}\n\n",
        info.title, info.meaning
    );
    let error = info.proxy_status.map_or_else(
        || "`received-status`".to_owned(),
        |e| format!("`error={e}`"),
    );
    let rows = [
        ("Callers read", info.detail.to_owned()),
        ("Proven by", info.proof.to_owned()),
        ("Status", info.status.to_string()),
        ("Proxy-Status", error),
        ("Waiting", info.retry_after.to_string()),
        ("Replaying", info.retry_safety.to_string()),
        ("Who can remedy it", info.blame.to_string()),
        ("Quick fix", info.quick_fix.to_owned()),
        ("Long-term fix", info.long_term_fix.to_owned()),
        ("Verify", code(info.verify)),
        ("Elsewhere", info.elsewhere.to_owned()),
    ];
    out.push_str("| | |\n| --- | --- |\n");
    for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
        let _ = writeln!(out, "| {name} | {} |", cell(text));
    }
}

/// A command as code. GitHub's tables want the pipe escaped even there.
fn code(command: &str) -> String {
    format!("`{command}`")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("<NOSRV>", "`<NOSRV>`")
}
