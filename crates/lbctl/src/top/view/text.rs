//! The page of a pool and that of an incident: what `lbctl pool status POOL` and `lbctl explain ID` print.

use ratatui::text::Line;

use super::{
    super::{
        paint,
        state::{Page, State},
    },
    canvas,
};
use crate::{explain, pool, show::clean};

/// From here on a pool has all its columns.
const WIDE: u16 = 140;

/// All lines of the page that is open; none for the overview.
pub(in super::super) fn page(state: &State) -> Vec<Line<'static>> {
    let canvas = canvas(state);
    let text = match &state.page {
        Page::Overview => return Vec::new(),
        Page::Pool { name, filter, .. } => match state.pools.iter().find(|p| p.name == *name) {
            Some(one) => {
                let mut one = one.clone();
                let all = one.backends.len();
                one.backends
                    .retain(|b| filter.lets(&[&b.name, &b.address, pool::backend_word(b.state)]));
                let shown = one.backends.len();
                let wide = state.size.0 >= WIDE;
                let mut text = pool::pools(core::slice::from_ref(&one), wide, state.now, canvas);
                if shown < all {
                    text += &format!("  ({shown} of {all} backends)\n");
                }
                text
            }
            None => format!("there is no pool {} any more\n", clean(name)),
        },
        Page::Incident { id, told, .. } => match told {
            Some(Ok(incident)) => explain::incident::incident(incident, state.now, canvas),
            Some(Err(message)) => format!("{}: {}\n", clean(id), clean(message)),
            None => format!("{}: asking\n", clean(id)),
        },
    };
    paint::lines(&text)
}
