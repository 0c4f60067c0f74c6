//! What is told beside everything else.

use ratatui::{
    layout::Rect,
    text::{Line, Span},
};

use super::super::{
    super::{act::Tone, state::State},
    fold::fold,
    span, symbol,
};
use crate::show::Mark;

/// What is told leaves so many lines to what it is about.
const LEFT: usize = 3;

/// What is told, in lines: what came of an act, or that this is awaited.
pub(super) fn lines(state: &State, area: Rect) -> Vec<Line<'static>> {
    let (mark, text) = match (state.acting.awaited(), state.acting.notice(state.now)) {
        (_, Some(notice)) => {
            let mark = match notice.tone {
                Tone::Done => Mark::Good,
                Tone::NotDone => Mark::Bad,
                Tone::Ask => Mark::Partly,
            };
            (mark, notice.text.clone())
        }
        (Some(act), None) => {
            let text = format!("Waiting for the answer to: {}", act.words().title);
            (Mark::Unknown, text)
        }
        (None, None) => return Vec::new(),
    };
    let mut folded = fold(&text, usize::from(area.width).saturating_sub(2));
    let most = usize::from(area.height).saturating_sub(LEFT).max(1);
    let most = most.min(area.height.into());
    if folded.len() > most {
        let hidden = folded.len() - most + 1;
        folded.truncate(most);
        if let Some(last) = folded.last_mut().filter(|_| most > 1) {
            *last = format!("({hidden} more lines)");
        }
    }
    let lines = folded.iter().enumerate().map(|(i, line)| {
        let lead = match i {
            0 => symbol(state, mark),
            _ => Span::raw(" "),
        };
        Line::from(vec![lead, Span::raw(" "), span(line, mark.style())])
    });
    lines.collect()
}
