//! The problem document as JSON.
//!
//! It is what a flood of failures is answered with, and nearly all of it are words of our own. So each member is written
//! down as it is, with one look for something to escape, instead of byte by byte; strings that have such a byte are left
//! to serde. A test holds the one against the other.

use super::clean::no_escape;
use super::digits::number;
use super::problem::{
    Problem, ToldActions, ToldAttempt, ToldChange, ToldEvidence, ToldMaintenance, ToldRequests,
    ToldRuledOut, ToldScope, ToldShare,
};
use crate::cause::Cause;

/// Most documents for strangers are shorter.
const STRANGERS: usize = 1024;

/// `problem` in one piece of memory, which nearly always is large enough.
pub(super) fn to_json(problem: &Problem) -> String {
    let room = match problem.hop {
        Some(_) => super::LONGEST_BODY,
        None => STRANGERS,
    };
    let mut out = Json(String::with_capacity(room));
    out.problem(problem);
    out.0
}

/// A document under construction.
struct Json(String);

impl Json {
    fn problem(&mut self, told: &Problem) {
        self.text("{\"type\":", &told.kind);
        self.word(",\"title\":", told.title);
        self.count(",\"status\":", u64::from(told.status));
        self.text(",\"detail\":", &told.detail);
        self.text(",\"instance\":", &told.instance);
        self.text(",\"code\":", &told.code);
        self.word(",\"category\":", told.category.id());
        self.word(",\"cause\":", told.cause.id());
        self.maybe(told.root, |out, root| out.word(",\"root\":", root.id()));
        self.word(",\"grade\":", told.grade.word());
        self.word(",\"origin\":", told.origin);
        self.truth(",\"retryable\":", told.retryable);
        self.maybe(told.retry_after, |out, seconds| {
            out.count(",\"retry_after\":", u64::from(seconds));
        });
        self.word(",\"retry_safety\":", told.retry_safety.word());
        self.truth(",\"owner_action_required\":", told.owner_action_required);
        self.texts(",\"violated-policies\":", &told.violated_policies);
        self.maybe(told.maintenance.as_ref(), Self::maintenance);
        self.text(",\"request_id\":", &told.request_id);
        self.maybe_text(",\"trace_id\":", told.trace_id.as_ref());
        self.text(",\"at\":", &told.at);
        self.maybe_text(",\"first_seen\":", told.first_seen.as_ref());
        self.maybe_text(",\"hop\":", told.hop.as_ref());
        self.maybe(told.scope.as_ref(), Self::scope);
        self.maybe(told.requests.as_ref(), Self::requests);
        self.maybe(told.change.as_ref(), Self::change);
        self.maybe_text(",\"changes\":", told.changes.as_ref());
        self.list(",\"attempts\":", &told.attempts, Self::attempt);
        self.maybe(told.not_retried, |out, why| {
            out.word(",\"not_retried\":", why);
        });
        self.list(",\"evidence\":", &told.evidence, Self::evidence);
        self.list(",\"ruled_out\":", &told.ruled_out, Self::ruled_out);
        self.list(",\"contributing\":", &told.contributing, Self::cause);
        self.list(",\"shares\":", &told.shares, Self::share);
        self.list(",\"missing\":", &told.missing, |out, text| {
            out.word("", text);
        });
        self.maybe(told.actions.as_ref(), Self::actions);
        self.0.push('}');
    }

    fn maintenance(&mut self, told: &ToldMaintenance) {
        self.text(",\"maintenance\":{\"reason\":", &told.reason);
        self.text(",\"since\":", &told.since);
        self.maybe_text(",\"until\":", told.until.as_ref());
        self.maybe_text(",\"link\":", told.link.as_ref());
        self.maybe_text(",\"by\":", told.by.as_ref());
        self.0.push('}');
    }

    fn scope(&mut self, told: &ToldScope) {
        self.word(",\"scope\":{\"level\":", told.level);
        self.maybe_text(",\"pool\":", told.pool.as_ref());
        self.maybe(told.backends_total, |out, count| {
            out.count(",\"backends_total\":", count as u64);
        });
        self.maybe(told.backends_affected, |out, count| {
            out.count(",\"backends_affected\":", count as u64);
        });
        self.0.push('}');
    }

    fn requests(&mut self, told: &ToldRequests) {
        self.count(",\"requests\":{\"failed\":", told.failed);
        self.maybe(told.total, |out, total| out.count(",\"total\":", total));
        self.count(",\"prevented\":", told.prevented);
        self.0.push('}');
    }

    fn change(&mut self, told: &ToldChange) {
        self.text(",\"change\":{\"title\":", &told.title);
        self.text(",\"at\":", &told.at);
        self.0.push_str(",\"before_ms\":");
        if told.before_ms < 0 {
            self.0.push('-');
        }
        number(&mut self.0, told.before_ms.unsigned_abs());
        self.float(",\"likelihood_ratio\":", told.likelihood_ratio);
        self.word(",\"grade\":", told.grade.word());
        self.0.push('}');
    }

    fn attempt(&mut self, told: &ToldAttempt) {
        self.count("{\"number\":", u64::from(told.number));
        if told.hedge {
            self.truth(",\"hedge\":", true);
        }
        self.maybe_text(",\"pool\":", told.pool.as_ref());
        self.maybe_text(",\"backend\":", told.backend.as_ref());
        self.maybe_text(",\"address\":", told.address.as_ref());
        self.word(",\"phase\":", told.phase);
        self.maybe_text(",\"fault\":", told.fault.as_ref());
        self.maybe(told.cause, |out, cause| out.word(",\"cause\":", cause.id()));
        self.float(",\"elapsed_ms\":", told.elapsed_ms);
        self.truth(",\"reused\":", told.reused);
        self.maybe(told.bytes_sent, |out, count| {
            out.count(",\"bytes_sent\":", count);
        });
        self.maybe(told.bytes_received, |out, count| {
            out.count(",\"bytes_received\":", count);
        });
        self.maybe(told.status, |out, status| {
            out.count(",\"status\":", u64::from(status));
        });
        self.0.push('}');
    }

    fn evidence(&mut self, told: &ToldEvidence) {
        self.word("{\"kind\":", told.kind);
        self.text(",\"what\":", &told.what);
        self.0.push('}');
    }

    fn ruled_out(&mut self, told: &ToldRuledOut) {
        self.word("{\"cause\":", told.cause.id());
        self.text(",\"because\":", &told.because);
        self.0.push('}');
    }

    fn cause(&mut self, cause: &Cause) {
        self.word("", cause.id());
    }

    fn share(&mut self, told: &ToldShare) {
        self.word("{\"cause\":", told.cause.id());
        self.float(",\"share\":", told.share);
        self.0.push('}');
    }

    fn actions(&mut self, told: &ToldActions) {
        self.0.push_str(",\"actions\":{");
        self.all("\"quick\":", &told.quick, |out, text| out.text("", text));
        self.all(",\"long_term\":", &told.long_term, |out, text| {
            out.text("", text);
        });
        self.all(",\"verify\":", &told.verify, |out, text| {
            out.text("", text);
        });
        self.0.push('}');
    }
}

/// Members, each with the name that goes before it.
impl Json {
    /// A string from wherever.
    fn text(&mut self, name: &str, value: &str) {
        if no_escape(value) {
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

    fn count(&mut self, name: &str, value: u64) {
        self.0.push_str(name);
        number(&mut self.0, value);
    }

    /// A number with few decimals.
    fn float(&mut self, name: &str, value: f64) {
        const EXACT: f64 = 1e12;
        self.0.push_str(name);
        let hundredths = (value * 100.0).round();
        if (0.0..EXACT).contains(&value) && hundredths / 100.0 == value {
            let hundredths = hundredths as u64;
            number(&mut self.0, hundredths / 100);
            self.0.push('.');
            number(&mut self.0, hundredths / 10 % 10);
            if !hundredths.is_multiple_of(10) {
                number(&mut self.0, hundredths % 10);
            }
            return;
        }
        self.0
            .push_str(&serde_json::to_string(&value).unwrap_or_else(|_| "null".to_owned()));
    }

    fn truth(&mut self, name: &str, value: bool) {
        self.0.push_str(name);
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn maybe_text(&mut self, name: &str, value: Option<&String>) {
        self.maybe(value, |out, value| out.text(name, value));
    }

    fn texts(&mut self, name: &str, all: &[String]) {
        self.list(name, all, |out, text| out.text("", text));
    }

    /// A list that is left out if there is nothing in it.
    fn list<T>(&mut self, name: &str, all: &[T], write: impl Fn(&mut Self, &T)) {
        if !all.is_empty() {
            self.all(name, all, write);
        }
    }

    fn all<T>(&mut self, name: &str, all: &[T], write: impl Fn(&mut Self, &T)) {
        self.0.push_str(name);
        self.0.push('[');
        for (at, one) in all.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            write(self, one);
        }
        self.0.push(']');
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
