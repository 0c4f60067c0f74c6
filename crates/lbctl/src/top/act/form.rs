//! The question, with a reason and an end.

use soe503_api::{Timestamp, Words};

use super::{super::state::Key, Act, Order, pace::Pace, text::Text, words::Asks};
use crate::{pool::until::Until, show::clean};

/// The admin API refuses a longer one, in bytes.
const LONGEST_REASON: usize = 500;

/// Where one types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Field {
    #[default]
    Reason,
    Until,
}

/// The form of one act.
#[derive(Clone, Debug)]
pub(in super::super) struct Form {
    pub(in super::super) act: Act,
    pub(in super::super) words: Words,
    pub(in super::super) asks: Asks,
    pub(in super::super) field: Field,
    pub(in super::super) reason: Text,
    pub(in super::super) until: Text,
    pace: Pace,
}

impl Form {
    /// An empty one.
    pub(super) fn new(act: Act, now: Timestamp) -> Self {
        Self {
            words: act.words(),
            asks: act.asks(),
            act,
            field: Field::default(),
            reason: Text::default(),
            until: Text::default(),
            pace: Pace::new(now),
        }
    }

    /// A key that is not Enter or Escape.
    pub(super) fn key(&mut self, key: Key) {
        match key {
            Key::Tab | Key::Up | Key::Down => self.switch(),
            key => {
                if let Some(text) = self.text() {
                    text.key(key);
                }
            }
        }
    }

    /// A text was pasted.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(field) = self.text() {
            field.paste(text);
        }
    }

    /// Whether `key` came too soon to be meant.
    pub(super) fn hasty(&mut self, key: Key, now: Timestamp) -> bool {
        self.pace.hasty(key, now)
    }

    fn switch(&mut self) {
        self.field = match self.field {
            Field::Reason if self.asks.end.is_some() => Field::Until,
            _ => Field::Reason,
        };
    }

    /// What is typed in; there are acts without anything.
    fn text(&mut self) -> Option<&mut Text> {
        match self.field {
            Field::Reason => self.asks.reason.map(|_| &mut self.reason),
            Field::Until => Some(&mut self.until),
        }
    }

    /// What was decided at `now`, or what is to be typed differently.
    pub(super) fn order(&mut self, now: Timestamp) -> Result<Order, String> {
        let reason = self.reason.text();
        if reason.len() > LONGEST_REASON {
            self.field = Field::Reason;
            let bytes = reason.len();
            return Err(format!(
                "The reason has {bytes} bytes: {LONGEST_REASON} are the most."
            ));
        }
        let until = until(&self.until.text(), now).inspect_err(|_| self.field = Field::Until)?;
        Ok(Order {
            act: self.act.clone(),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
            until,
        })
    }
}

fn until(typed: &str, now: Timestamp) -> Result<Option<Timestamp>, String> {
    if typed.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| format!("Until \"{}\": {why}.", clean(typed));
    let until: Until = typed.parse().map_err(|why: String| wrong(&why))?;
    let at = until.resolve(now);
    at.map(Some)
        .map_err(|_| wrong(&format!("that is not in the future (now: {now})")))
}
