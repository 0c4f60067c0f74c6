//! The question, and what is typed for it.

use ratatui::{layout::Rect, text::Line};
use soe503_api::BackendAction;

use super::super::{
    super::{
        act::{Act, Field, Form, Text},
        paint,
        state::State,
    },
    fold::fold,
    span,
};
use crate::show::style;

/// Before a text that is typed: the pointer and its name.
const NAME: usize = 9;
/// Columns for a hint, at least.
const HINT: usize = 11;

/// A form as lines.
struct Drawn {
    /// What is asked: that is never cut off.
    question: Vec<Line<'static>>,
    rest: Vec<Line<'static>>,
    /// Where in the rest one types.
    at: usize,
}

/// The form in as many lines as there is room for: where one types is among them.
pub(super) fn lines(state: &State, form: &Form, area: Rect) -> Vec<Line<'static>> {
    let drawn = fitting(state, form, area);
    let height = usize::from(area.height).saturating_sub(drawn.question.len());
    let from = match drawn.rest.len() > height {
        true => (drawn.at + 1).saturating_sub(height),
        false => 0,
    };
    let rest = drawn.rest.into_iter().skip(from);
    drawn.question.into_iter().chain(rest).collect()
}

/// Whether the question is whole, and what is typed in is seen.
pub(super) fn fits(state: &State, form: &Form, area: Rect) -> bool {
    let drawn = fitting(state, form, area);
    drawn.question.len() + drawn.rest.len().min(1) <= usize::from(area.height)
}

/// With all hints, or without where there is no room for them.
fn fitting(state: &State, form: &Form, area: Rect) -> Drawn {
    let whole = form_lines(state, form, area.width.into(), true);
    match whole.question.len() + whole.rest.len() <= usize::from(area.height) {
        true => whole,
        false => form_lines(state, form, area.width.into(), false),
    }
}

fn form_lines(state: &State, form: &Form, width: usize, hints: bool) -> Drawn {
    let words = &form.words;
    let lines = |text: &str, colour: anstyle::Style| -> Vec<Line<'static>> {
        let all = fold(text, width).into_iter();
        all.map(|line| Line::from(span(&line, colour))).collect()
    };
    let question = lines(&format!("{}?", words.title), style::STRONG);
    let mut rest = Vec::new();
    let mut at = 0;
    if hints {
        rest.extend(lines(words.effect, style::PLAIN));
    }
    if let Some(gone) = state.gone(&form.act) {
        rest.extend(lines(&gone, style::BAD));
    } else if last(state, &form.act) {
        let text = "No other backend of this pool is in rotation: its requests will fail.";
        rest.extend(lines(text, style::WARN));
    }
    let fields = [
        ("Reason", Field::Reason, &form.reason, form.asks.reason),
        ("Until", Field::Until, &form.until, form.asks.end),
    ];
    let asked = fields.into_iter().filter_map(|(name, field, text, hint)| {
        let hint = hint?;
        Some((name, field, text, hint))
    });
    for (name, field, text, hint) in asked {
        if hints {
            rest.push(Line::default());
        }
        let active = form.field == field;
        if active {
            at = rest.len();
        }
        rest.push(typed(name, text, active && !state.acting.sent(), width));
        if hints {
            let indented = fold(hint, width.saturating_sub(NAME).max(HINT));
            let indent = " ".repeat(width.saturating_sub(HINT).min(NAME));
            let hint = indented.iter();
            rest.extend(
                hint.map(|line| Line::from(span(&format!("{indent}{line}"), style::QUIET))),
            );
        }
    }
    Drawn { question, rest, at }
}

/// `> Reason new kernel_`; the letter before which one types is reversed.
fn typed(name: &str, text: &Text, active: bool, width: usize) -> Line<'static> {
    let pointer = if active { ">" } else { " " };
    let seen = text.seen(width.saturating_sub(NAME).max(1));
    let lead = span(&format!("{pointer} {name:<7}"), style::STRONG);
    let mut spans = vec![lead, span(&seen.before, style::PLAIN)];
    match seen.at {
        Some(letter) if active => {
            spans.push(paint::reversed(span(&letter.to_string(), style::PLAIN)));
        }
        Some(letter) => spans.push(span(&letter.to_string(), style::PLAIN)),
        None if active => spans.push(span("_", style::QUIET)),
        None => {}
    }
    spans.push(span(&seen.after, style::PLAIN));
    Line::from(spans)
}

/// Whether the act takes the last backend of its pool out of rotation.
fn last(state: &State, act: &Act) -> bool {
    let Act::Backend {
        pool,
        backend,
        action: BackendAction::Drain | BackendAction::Disable,
    } = act
    else {
        return false;
    };
    let found = state.pools.iter().find(|p| p.name == *pool);
    let mut used = found.into_iter().flat_map(|pool| {
        let used = pool.backends.iter().filter(|b| b.state.in_rotation());
        used.map(|one| &one.name)
    });
    used.next() == Some(backend) && used.next().is_none()
}
