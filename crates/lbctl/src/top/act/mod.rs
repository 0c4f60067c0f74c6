//! What can be done from here: a menu of acts, a form that asks, and what came of it.
//!
//! | module | what |
//! | --- | --- |
//! | [`words`] | each act in words: those of the dashboard |
//! | [`menu`] | which acts there are for what is selected, as it is now |
//! | [`form`] | the question, with a reason and an end |
//! | [`text`] | a line of text that is being typed |
//! | [`pace`] | an Enter that was meant for something else |
//! | [`keys`] | how one gets from one to the other, and when an order goes out |
//! | [`perform`] | does it: the one part of this with output |

mod form;
mod keys;
mod menu;
mod pace;
pub(super) mod perform;
mod text;
mod words;

use core::time::Duration;

use soe503_api::{BackendAction, BreakerAction, MaintenanceAction, MaintenanceList, Timestamp};

pub(super) use form::{Field, Form};
pub(super) use menu::{Entry, Menu};
pub(super) use text::{Text, harmless, one_line};

/// What is done well needs no answer: after that it is no longer told.
const TOLD_FOR: Duration = Duration::from_secs(10);
/// Who types while the answer comes has not read it yet.
const SEEN_AFTER: Duration = Duration::from_secs(2);

/// One act on one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// `POST /api/v1/pools/{pool}/backends/{backend}/{action}`
    Backend {
        pool: String,
        backend: String,
        action: BackendAction,
    },
    /// `POST /api/v1/pools/{pool}/breaker/{action}`
    Circuit { pool: String, action: BreakerAction },
    /// `POST /api/v1/maintenance/{pool}/{action}`
    Maintenance {
        pool: String,
        action: MaintenanceAction,
    },
    /// `POST /api/v1/config/reload`
    Reload,
}

/// An act that somebody has decided on. Whoever has it does it, once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) act: Act,
    /// Why, if anybody says.
    pub(super) reason: Option<String>,
    /// When it ends by itself.
    pub(super) until: Option<Timestamp>,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Done,
    /// Nothing was changed, and why. May have lines.
    Refused(String),
    /// Nobody knows, and why.
    Unknown(String),
}

/// How what is told is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Done,
    NotDone,
    /// Something is to be typed differently: the next key is an answer to it.
    Ask,
}

/// What is told in a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) tone: Tone,
    pub(super) text: String,
    at: Timestamp,
}

/// Where one is between choosing an act and its result.
#[derive(Clone, Debug, Default)]
pub(super) struct Acting {
    /// Those one came through, the open one last.
    menus: Vec<Menu>,
    form: Option<Form>,
    /// The act that was begun and has no answer yet: no other one is begun meanwhile.
    awaited: Option<Act>,
    notice: Option<Notice>,
    /// Of the look after the menu was opened.
    maintenance: Option<MaintenanceList>,
    /// How many orders have had an answer.
    answers: u32,
}

impl Acting {
    /// Whether the keys are for a menu or a form.
    pub(super) const fn open(&self) -> bool {
        !self.menus.is_empty() || self.form.is_some()
    }

    /// The form, if that is open.
    pub(super) const fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// The menu, if that is open.
    pub(super) fn menu(&self) -> Option<&Menu> {
        match self.form {
            Some(_) => None,
            None => self.menus.last(),
        }
    }

    /// The act whose answer is awaited.
    pub(super) const fn awaited(&self) -> Option<&Act> {
        self.awaited.as_ref()
    }

    /// Whether the open form has been sent.
    pub(super) fn sent(&self) -> bool {
        let form = self.form.as_ref().map(|form| &form.act);
        form.is_some() && form == self.awaited.as_ref()
    }

    /// A look is wanted whenever this has changed.
    pub(super) const fn answers(&self) -> u32 {
        self.answers
    }

    /// What is told at `now`.
    pub(super) fn notice(&self, now: Timestamp) -> Option<&Notice> {
        let over = |notice: &&Notice| notice.tone == Tone::Done && now.since(notice.at) >= TOLD_FOR;
        self.notice.as_ref().filter(|notice| !over(notice))
    }

    fn tell(&mut self, tone: Tone, text: String, at: Timestamp) {
        self.notice = Some(Notice { tone, text, at });
    }

    /// A key was pressed: whoever presses one has read what was told before.
    fn read(&mut self, now: Timestamp) {
        let read = |notice: &Notice| notice.tone == Tone::Ask || now.since(notice.at) >= SEEN_AFTER;
        self.notice = self.notice.take().filter(|notice| !read(notice));
    }
}
