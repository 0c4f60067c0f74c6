//! What is where: pools first, and below them incidents and findings, which have a quarter each for sure.

use ratatui::layout::Rect;

use super::{super::state::State, overview};

/// The parts of the screen. Those of the overview and the page of something share one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) head: Rect,
    /// Everything between head and keys.
    pub(super) page: Rect,
    /// The pools, without the names of the columns above them.
    pub(super) pools: Rect,
    /// The open incidents, with their heading; may be empty.
    pub(super) incidents: Rect,
    /// What is found about the selected pool, with its heading; may be empty.
    pub(super) findings: Rect,
    pub(super) keys: Rect,
}

/// Lines of the head: who, how it is, and an empty one.
const HEAD: u16 = 3;
/// From here on incidents and findings have their place.
const ENOUGH: u16 = 12;

impl Layout {
    /// For the terminal and the things that there are.
    pub(super) fn of(state: &State) -> Self {
        let (width, height) = state.size;
        // What is asked is more than who is looked at.
        let head = match state.acting.open() && height < ENOUGH {
            true => 0,
            false => HEAD.min(height.saturating_sub(2)),
        };
        let line = |y: u16, height: u16| Rect::new(0, y, width, height);
        let page = line(head, height.saturating_sub(head + 1));
        let (mut incidents, mut findings) = (0, 0);
        let want = |things: usize| u16::try_from(things).unwrap_or(u16::MAX);
        let mut pools = want(state.shown_pools().len()).max(1).saturating_add(1);
        if height >= ENOUGH {
            // An empty line and a heading; then a line each.
            let open = want(state.shown_incidents().len()).max(1).saturating_add(2);
            let found = match overview::found(state).len() {
                0 => 0,
                lines => want(lines).saturating_add(2),
            };
            // What each of the two has at least, if it wants it.
            let sure = (page.height / 4).max(3);
            (incidents, findings) = (open.min(sure), found.min(sure));
            pools = pools.min(page.height - incidents - findings);
            let mut spare = page.height - incidents - findings - pools;
            for (has, wants) in [(&mut incidents, open), (&mut findings, found)] {
                let more = spare.min(wants - *has);
                *has += more;
                spare -= more;
            }
        }
        let pools = pools.min(page.height);
        let below = page.y + pools;
        Self {
            head: line(0, head),
            page,
            pools: line(page.y + 1, pools.saturating_sub(1)),
            incidents: line(below, incidents),
            findings: line(below + incidents, findings),
            keys: line(height.saturating_sub(1), 1),
        }
    }
}
