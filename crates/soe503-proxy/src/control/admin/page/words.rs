//! States as people read them: a word, a mark that differs in shape, and a class for its colour.

use std::time::Duration;

use soe503_api::{BackendState, Circuit, CircuitState, ForcedCircuit, Grade, PoolState, Timestamp};

use super::html::{Html, html};

/// How a state looks. Never by its colour alone: the marks have different shapes, and the word is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The class of the style sheet: `good`, `busy`, `bad` or `off`.
    pub(super) class: &'static str,
    /// Its mark.
    pub(super) mark: &'static str,
    /// Its word.
    pub(super) word: &'static str,
}

const fn look(class: &'static str, mark: &'static str, word: &'static str) -> Look {
    Look { class, mark, word }
}

/// A pool's state.
pub(super) const fn pool(state: PoolState) -> Look {
    match state {
        PoolState::Ok => look("good", "✓", "ok"),
        PoolState::Degraded => look("busy", "▲", "degraded"),
        PoolState::Down => look("bad", "✕", "down"),
        _ => look("off", "?", "unknown"),
    }
}

/// A backend's state.
pub(super) const fn backend(state: BackendState) -> Look {
    match state {
        BackendState::Up => look("good", "✓", "up"),
        BackendState::Warming => look("busy", "◔", "warming"),
        BackendState::Starting => look("busy", "◌", "starting"),
        BackendState::Down => look("bad", "✕", "down"),
        BackendState::Ejected => look("bad", "⏏", "ejected"),
        BackendState::Draining => look("off", "⇥", "draining"),
        BackendState::Disabled => look("off", "■", "disabled"),
        _ => look("off", "?", "unknown"),
    }
}

/// A circuit's state.
pub(super) const fn circuit(circuit: &Circuit) -> Look {
    match (circuit.state, circuit.forced) {
        (_, Some(ForcedCircuit::Open)) => look("bad", "⊘", "held open"),
        (_, Some(ForcedCircuit::Closed)) => look("busy", "⊝", "held closed"),
        (CircuitState::Closed, _) => look("good", "✓", "closed"),
        (CircuitState::Open, _) => look("bad", "⊘", "open"),
        (CircuitState::HalfOpen, _) => look("busy", "◐", "half open"),
        _ => look("off", "?", "unknown"),
    }
}

/// How sure a cause is, in a word.
pub(super) const fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Proven => "proven",
        Grade::Inferred => "inferred",
        Grade::Suspected => "suspected",
        _ => "of unknown certainty",
    }
}

/// `look` as a badge.
pub(super) fn badge(out: &mut Html, look: Look) {
    html!(
        out,
        "<span class=\"badge ",
        (look.class),
        "\"><span class=\"mark\" aria-hidden=\"true\">",
        (look.mark),
        "</span>",
        (look.word),
        "</span>"
    );
}

/// A moment: the time of day, the date where a pointer rests, and for scripts that turn it into `3 min ago`.
pub(super) fn moment(out: &mut Html, at: Timestamp) {
    html!(out, "<time");
    dated(out, at);
}

/// A moment when something is to happen: once it has passed, that is now.
pub(super) fn upcoming(out: &mut Html, at: Timestamp) {
    html!(out, "<time data-due");
    dated(out, at);
}

fn dated(out: &mut Html, at: Timestamp) {
    let text = at.to_string();
    let clock = text.get(11..19).unwrap_or_default();
    html!(
        out,
        " datetime=\"",
        (text),
        "\" title=\"",
        (text),
        "\">",
        (clock),
        " UTC</time>"
    );
}

/// A count with spaces between thousands, which no locale reads as a fraction.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A number that nobody knows yet.
pub(super) const UNMEASURED: &str = "–";

/// So many per second.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        r if r <= 0.0 => "0".to_owned(),
        r if r < 10.0 => format!("{r:.1}"),
        r => count(r.round() as u64),
    }
}

/// A latency in milliseconds.
pub(super) fn millis(ms: Option<f64>) -> String {
    match ms {
        None => UNMEASURED.to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1_000.0),
    }
}

/// A span in its two largest units.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// `1 backend`, `3 backends`.
pub(super) fn plural(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", count(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_states_have_the_same_mark_or_word() {
        let states = [
            BackendState::Up,
            BackendState::Warming,
            BackendState::Starting,
            BackendState::Down,
            BackendState::Ejected,
            BackendState::Draining,
            BackendState::Disabled,
        ];
        let mut marks: Vec<_> = states.map(|state| backend(state).mark).to_vec();
        let mut words: Vec<_> = states.map(|state| backend(state).word).to_vec();
        for list in [&mut marks, &mut words] {
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), states.len());
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!((count(0), count(999)), ("0".into(), "999".into()));
        assert_eq!(plural(1, "backend"), "1 backend");
        assert_eq!(plural(0, "backend"), "0 backends");
        assert_eq!(rate(0.04), "0.0");
        assert_eq!(rate(1_234.4), "1\u{202f}234");
        assert_eq!(millis(Some(1_234.0)), "1.2 s");
        assert_eq!(span(Duration::from_secs(3_700)), "1 h 1 min");
    }
}
