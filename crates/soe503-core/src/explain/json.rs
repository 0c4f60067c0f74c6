//! The problem document as JSON.
//!
//! What strangers are told has a dozen members, nearly all of them words of our own. It is what a flood of failures is
//! answered with, so it is written down as it is instead of looking at each byte for something to escape. Everything
//! else is left to serde; a test holds the one against the other.

use super::clean::plain;
use super::problem::Problem;

/// Most documents for strangers are shorter.
const USUAL: usize = 1024;

/// `problem` in one piece of memory, which nearly always is large enough.
pub(super) fn to_json(problem: &Problem) -> String {
    let with_lists = problem.hop.is_some() || problem.maintenance.is_some();
    if with_lists || !problem.violated_policies.is_empty() {
        // Serialising strings, numbers and lists of them cannot fail.
        let mut out = Vec::with_capacity(super::LONGEST_BODY);
        return match serde_json::to_writer(&mut out, problem) {
            Ok(()) => String::from_utf8(out).unwrap_or_default(),
            Err(_) => String::new(),
        };
    }
    let mut out = Members(String::with_capacity(USUAL));
    out.text("{\"type\":", &problem.kind);
    out.word(",\"title\":", problem.title);
    out.number(",\"status\":", u32::from(problem.status));
    out.text(",\"detail\":", &problem.detail);
    out.text(",\"instance\":", &problem.instance);
    out.text(",\"code\":", &problem.code);
    out.word(",\"category\":", problem.category.id());
    out.word(",\"cause\":", problem.cause.id());
    if let Some(root) = problem.root {
        out.word(",\"root\":", root.id());
    }
    out.word(",\"grade\":", problem.grade.word());
    out.word(",\"origin\":", problem.origin);
    out.truth(",\"retryable\":", problem.retryable);
    if let Some(seconds) = problem.retry_after {
        out.number(",\"retry_after\":", seconds);
    }
    out.word(",\"retry_safety\":", problem.retry_safety.word());
    out.truth(",\"owner_action_required\":", problem.owner_action_required);
    out.text(",\"request_id\":", &problem.request_id);
    if let Some(id) = &problem.trace_id {
        out.text(",\"trace_id\":", id);
    }
    out.text(",\"at\":", &problem.at);
    if let Some(since) = &problem.first_seen {
        out.text(",\"first_seen\":", since);
    }
    out.0.push('}');
    out.0
}

/// Members of an object, each with the name that goes before it.
struct Members(String);

impl Members {
    /// A string from wherever.
    fn text(&mut self, name: &str, value: &str) {
        if plain(value) && !value.contains(['"', '\\']) {
            return self.word(name, value);
        }
        self.0.push_str(name);
        self.0
            .push_str(&serde_json::to_string(value).unwrap_or_else(|_| "\"\"".to_owned()));
    }

    /// A string that has nothing to escape.
    fn word(&mut self, name: &str, value: &str) {
        self.0.push_str(name);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
    }

    fn number(&mut self, name: &str, value: u32) {
        self.0.push_str(name);
        self.0.push_str(&value.to_string());
    }

    fn truth(&mut self, name: &str, value: bool) {
        self.0.push_str(name);
        self.0.push_str(if value { "true" } else { "false" });
    }
}
