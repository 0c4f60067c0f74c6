//! What of the page has changed since when.
//!
//! The page is a list of parts, each with an id. [`Board::post`] takes the parts as they are now, and gives each that
//! has changed the number of this look. A reader that has seen everything up to a number gets what has a higher
//! one: streams need no memory of their own, and one that was away gets each part once, as it is now.
//!
//! Rows of backends are many and change with each request. Of those that have changed in nothing but numbers, only so
//! many bytes a second are let through, in turn: what is late is late by seconds. A change of state is never held back.

use std::collections::HashMap;

/// Bytes of rows that one look lets through.
const ROWS: usize = 48 * 1024;

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The element's id.
    pub(super) id: String,
    /// The element.
    pub(super) html: String,
    /// What must be shown at once when it changes; `None`: any change must.
    pub(super) state: Option<u64>,
}

#[derive(Debug)]
struct Posted {
    html: String,
    state: Option<u64>,
    changed: u64,
}

/// The parts as they were last shown.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// The number of the latest look.
    number: u64,
    /// Which parts there are, in order: another list is another page.
    ids: Vec<String>,
    posted: HashMap<String, Posted>,
    /// When the list of parts changed.
    rebuilt: u64,
    /// Which row is next.
    turn: usize,
}

/// What a reader has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// Put these in place: id and element.
    Parts(Vec<(String, String)>),
    /// Load the page again: it consists of other parts.
    Again,
}

impl Board {
    /// The number of the latest look.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Takes in the parts as they are; `all` of them, however many bytes that is.
    pub(super) fn post(&mut self, parts: Vec<Part>, all: bool) {
        self.number += 1;
        let number = self.number;
        let same = self.ids.len() == parts.len()
            && self.ids.iter().zip(&parts).all(|(id, part)| *id == part.id);
        if !same {
            self.ids = parts.iter().map(|part| part.id.clone()).collect();
            self.rebuilt = number;
            self.posted.clear();
            self.turn = 0;
        }
        let mut room = ROWS;
        let count = parts.len();
        let mut late = None;
        let mut rotated: Vec<(usize, Part)> = parts.into_iter().enumerate().collect();
        rotated.rotate_left(self.turn.min(count));
        for (at, part) in rotated {
            let Part { id, html, state } = part;
            let urgent = match self.posted.get(&id) {
                Some(posted) if posted.html == html => continue,
                Some(posted) => state.is_none() || posted.state != state,
                None => true,
            };
            if !urgent && !all {
                if html.len() > room {
                    room = 0;
                    late.get_or_insert(at);
                    continue;
                }
                room -= html.len();
            }
            let changed = number;
            self.posted.insert(
                id,
                Posted {
                    html,
                    state,
                    changed,
                },
            );
        }
        self.turn = late.unwrap_or(self.turn);
    }

    /// What a reader has to do who has seen everything up to `seen`.
    pub(super) fn since(&self, seen: u64) -> Update {
        if seen < self.rebuilt || seen > self.number {
            return Update::Again;
        }
        let new = self.ids.iter().filter_map(|id| {
            let posted = self.posted.get(id)?;
            (posted.changed > seen).then(|| (id.clone(), posted.html.clone()))
        });
        Update::Parts(new.collect())
    }

    /// The part called `id`.
    #[cfg(test)]
    fn part(&self, id: &str) -> &str {
        &self.posted[id].html
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
