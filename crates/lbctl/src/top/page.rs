//! What is looked at: the overview, or a page of something.

use soe503_api::{Change, History, Incident, IncidentSummary, MaintenanceList};

use super::state::Key;

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) enum Page {
    Overview,
    /// One pool and its backends.
    Pool {
        name: String,
        scroll: usize,
        /// Only backends like that.
        filter: Filter,
    },
    /// What is asked for itself, and comes with the next look.
    Asked {
        wanted: Wanted,
        told: Option<Told>,
        scroll: usize,
    },
}

/// What is asked beside pools and open incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One incident, with everything.
    Incident(String),
    /// The last minutes, by cause.
    Causes,
    /// What was changed, and what came of it.
    Changes,
    /// What is in force and planned: for the menu of acts.
    Maintenance,
}

/// The answer, or why there is none.
pub(super) type Told = Result<Answer, String>;

/// What [`Wanted`] was answered with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Incident(Box<Incident>),
    Causes(Box<History>),
    Changes(Box<Changed>),
    Maintenance(MaintenanceList),
}

/// What was changed, and all incidents that are known: both the latest first.
#[derive(Clone, Debug)]
pub(super) struct Changed {
    pub(super) changes: Vec<Change>,
    pub(super) incidents: Vec<IncidentSummary>,
}

/// Only what contains this text.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) text: String,
    /// It is being typed.
    pub(super) typing: bool,
}

impl Page {
    /// What is asked for, of which nothing is known yet.
    pub(super) const fn asked(wanted: Wanted) -> Self {
        Self::Asked {
            wanted,
            told: None,
            scroll: 0,
        }
    }

    /// What is to be asked for it.
    pub(super) const fn wanted(&self) -> Option<&Wanted> {
        match self {
            Self::Asked { wanted, .. } => Some(wanted),
            _ => None,
        }
    }

    /// Takes an answer, if it is one to what is asked here.
    pub(super) fn take(&mut self, of: &Wanted, answer: Told) {
        if let Self::Asked { wanted, told, .. } = self
            && wanted == of
        {
            *told = Some(answer);
        }
    }

    /// How far its text is scrolled; the overview is none.
    pub(super) const fn scroll_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Overview => None,
            Self::Pool { scroll, .. } | Self::Asked { scroll, .. } => Some(scroll),
        }
    }
}

impl Filter {
    /// A key while it is being typed.
    pub(super) fn typed(&mut self, key: Key) {
        match key {
            Key::Letter(letter) => self.text.push(letter),
            Key::Backspace => {
                self.text.pop();
            }
            Key::Enter => self.typing = false,
            Key::Escape => *self = Self::default(),
            _ => {}
        }
    }

    /// Whether one of `words` contains it, in upper or lower case.
    pub(super) fn lets(&self, words: &[&str]) -> bool {
        let wanted = self.text.to_lowercase();
        words.iter().any(|w| w.to_lowercase().contains(&wanted))
    }
}
