//! What a target knows of incidents.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Facts, Interest, Severity};

/// What of an incident is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was opened, or has come back.
    Opened,
    /// It is worse than it was told.
    Grew,
    /// It is over.
    Closed,
    /// Nothing new; it is told again, so that it is not taken for over.
    Again,
}

/// What was seen of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// It was opened, or has come back.
    Opened,
    /// It goes on.
    GoesOn,
    /// It is over.
    Closed,
}

/// What was told of each incident that goes on.
#[derive(Clone, Debug, Default)]
pub struct Told {
    open: HashMap<Arc<str>, Last>,
}

/// When an incident was told last, it was like this.
#[derive(Clone, Copy, Debug)]
struct Last {
    failed: u64,
    severity: Severity,
}

impl Event {
    /// Those that can be chosen.
    pub const TOLD: [Self; 3] = [Self::Opened, Self::Grew, Self::Closed];

    /// `opened`, `grew`, `closed` or `open`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Grew => "grew",
            Self::Closed => "closed",
            Self::Again => "open",
        }
    }
}

impl Told {
    /// What is to be told of the incident called `id`, of which this was seen; `None`: nothing. What `interest` does not
    /// want to hear counts as told.
    pub fn see(
        &mut self,
        id: &Arc<str>,
        sight: Sight,
        facts: &Facts<'_>,
        interest: &Interest,
    ) -> Option<Event> {
        let event = match (sight, self.open.get(id)) {
            (Sight::Closed, None) => return None,
            // Whatever it has become: who was told of it is told of its end.
            (Sight::Closed, Some(_)) => Event::Closed,
            _ if !interest.admits(facts) => return None,
            (Sight::Opened, _) | (Sight::GoesOn, None) => Event::Opened,
            (Sight::GoesOn, Some(last)) if last.grown(facts, interest) => Event::Grew,
            (Sight::GoesOn, Some(_)) => return None,
        };
        match event {
            Event::Closed => drop(self.open.remove(id)),
            _ => {
                let last = Last {
                    failed: facts.failed,
                    severity: facts.severity,
                };
                self.open.insert(Arc::clone(id), last);
            }
        }
        interest.on.contains(&event).then_some(event)
    }

    /// Whether the incident called `id` was told, and not its end.
    pub fn is_open(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }
}

impl Last {
    fn grown(self, facts: &Facts<'_>, interest: &Interest) -> bool {
        let step = self
            .failed
            .max(1)
            .saturating_mul(interest.grew_by.get().max(2).into());
        facts.severity > self.severity || facts.failed >= step
    }
}
