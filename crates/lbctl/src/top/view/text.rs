//! The pages, as text: what `lbctl pool status POOL`, `lbctl explain ID` and `lbctl change list` print, and the causes.

use ratatui::text::Line;

use super::{
    super::{
        page::{Answer, Page, Wanted},
        paint,
        state::State,
    },
    canvas, causes,
};
use crate::{change, explain, pool, show::clean};

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
        Page::Asked { wanted, told, .. } => match told {
            Some(Ok(Answer::Incident(incident))) => {
                explain::incident::incident(incident, state.now, canvas)
            }
            Some(Ok(Answer::Causes(history))) => causes::text(history, canvas),
            Some(Ok(Answer::Changes(told))) => {
                change::table(&told.changes, &told.incidents, state.now, canvas)
            }
            // It has no page.
            Some(Ok(Answer::Maintenance(_))) => return Vec::new(),
            Some(Err(message)) => format!("{}: {}\n", name(wanted), clean(message)),
            None => format!("{}: asking\n", name(wanted)),
        },
    };
    paint::lines(&text)
}

fn name(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Incident(id) => clean(id),
        Wanted::Causes => "failures by cause".to_owned(),
        Wanted::Changes => "changes".to_owned(),
        Wanted::Maintenance => "maintenance".to_owned(),
    }
}
