//! What proxies in a row tell each other, so that their retries do not multiply.
//!
//! Three proxies that each try three times make twenty-seven attempts of one request (failure mode 9). So
//! the attempts of a request are an [`Allowance`] that is handed down: the first proxy has its own number
//! and one more, gives all but one to the next, which gives on all but one of those. Each keeps one for the
//! case that the proxy behind it fails without a word; one that answers says how many it used and whether
//! another of its kind could do better ([`Below`]). So all of them together never make more attempts than
//! the first one's number and one.
//!
//! ```text
//!   client ──▶ edge (3)  Soe-Hop: attempts=3  ──▶ middle (3)  Soe-Hop: attempts=2  ──▶ inner (3) ──▶ backend
//!                        Soe-Attempts: 2      ◀──             Soe-Attempts: 2      ◀──
//! ```
//!
//! Envoy and gRPC tell how many attempts there were before this one (`x-envoy-attempt-count`,
//! `grpc-previous-rpc-attempts`), which takes the same number off.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ledger::{Attempt, Phase};
use sfv::{BareItem, Dictionary, Item, ListEntry, Parser};

/// The request field with which a proxy hands attempts and time on: a dictionary (RFC 9651) of
/// `attempts` and, in milliseconds, `timeout`.
pub const HOP: &str = "soe-hop";
/// The answer's field: how many attempts were made, with `;scope=host` where another proxy of the same
/// kind could do better.
pub const ATTEMPTS: &str = "soe-attempts";

/// Longest field value that is looked at.
const LONGEST: usize = 256;
/// More than this is nobody's configuration.
const MOST: u8 = 100;

/// What the proxy before this one hands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    /// Attempts that may be made from here on, at least 1. `None`: not said.
    pub attempts: Option<u8>,
    /// How long it waits for the answer. `None`: not said.
    pub timeout: Option<Duration>,
}

/// The attempts that one request may still have.
///
/// The default is one that nobody has begun or handed down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    left: u8,
    /// What the attempt under way may use, itself included.
    lent: u8,
    handed: bool,
}

/// What a proxy behind this one says about its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Below {
    /// How many it and those behind it made.
    pub attempts: u8,
    /// How far the failure reaches.
    pub reach: Reach,
}

/// Whether a failure is that of one proxy, or of what is behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Of the proxy that answers: another one may do better.
    Host,
    /// Of the pool behind it: others would meet the same.
    #[default]
    Pool,
}

// === impl Handed ===

impl Handed {
    /// Reads a [`HOP`] field. Nothing is said by one that cannot be understood.
    pub fn parse(value: &str) -> Self {
        if value.len() > LONGEST {
            return Self::default();
        }
        let Ok(said) = Parser::new(value).parse::<Dictionary>() else {
            return Self::default();
        };
        let number = |key: &str| match said.get(key) {
            Some(ListEntry::Item(item)) => integer(&item.bare_item),
            _ => None,
        };
        Self {
            attempts: number("attempts").map(|n| small(n).max(1)),
            timeout: number("timeout").map(Duration::from_millis),
        }
    }

    /// As a [`HOP`] field.
    pub fn to_text(self) -> String {
        let attempts = self.attempts.map(|n| format!("attempts={n}"));
        let timeout = self
            .timeout
            .map(|time| format!("timeout={}", time.as_millis()));
        let parts: Vec<String> = attempts.into_iter().chain(timeout).collect();
        parts.join(", ")
    }

    /// Takes off the `spent` attempts that others made before, where `own` is the number of attempts here.
    /// At least one stays: the request is here.
    #[must_use]
    pub fn after(mut self, spent: u8, own: u8) -> Self {
        if spent > 0 {
            let left = own.saturating_add(1).saturating_sub(spent).max(1);
            self.attempts = Some(self.attempts.map_or(left, |n| n.min(left)));
        }
        self
    }
}

/// How many attempts there were before this one, by `grpc-previous-rpc-attempts` (gRFC A6) and
/// `x-envoy-attempt-count`, which counts this one.
pub fn spent_before(grpc: Option<&str>, envoy: Option<&str>) -> u8 {
    let number = |text: &str| text.trim().parse::<u64>().ok().map(small);
    let grpc = grpc.and_then(number).unwrap_or(0);
    let envoy = envoy.and_then(number).unwrap_or(0).saturating_sub(1);
    grpc.max(envoy)
}

// === impl Allowance ===

impl Allowance {
    /// What a proxy before this one hands down; at least one attempt.
    pub const fn handed(attempts: u8) -> Self {
        let left = if attempts == 0 { 1 } else { attempts };
        Self {
            left,
            lent: 0,
            handed: true,
        }
    }

    /// The first attempt begins, where `own` are configured. `lend`: the backends are proxies that try
    /// themselves.
    pub const fn begin(&mut self, own: u8, lend: bool) {
        if !self.handed {
            self.left = own.saturating_add(lend as u8);
        }
        self.next(lend);
    }

    /// Another attempt begins.
    pub const fn next(&mut self, lend: bool) {
        let most = self.left.saturating_sub(1);
        self.lent = if lend && most > 1 { most } else { 1 };
    }

    /// What the attempt under way may use, itself included; at least 1.
    pub const fn lent(&self) -> u8 {
        if self.lent == 0 { 1 } else { self.lent }
    }

    /// No other attempt can follow the one under way, if that uses all it may.
    pub const fn is_last(&self) -> bool {
        self.left <= self.lent
    }

    /// The attempt under way failed and used so many; `None`: nobody knows, so it may have been all.
    pub const fn ended(&mut self, used: Option<u8>) {
        let used = match used {
            Some(used) => used,
            None => self.lent(),
        };
        self.left = self.left.saturating_sub(used);
    }

    /// The same for a request that several pools may get, which share it: so many are configured here for
    /// all of them, and the first may `lend`.
    #[must_use]
    pub const fn shared(mut self, own: u8, lend: bool) -> Self {
        if !self.handed {
            self.left = own.saturating_add(lend as u8);
            self.handed = true;
        }
        self
    }

    /// What one pool may use while another comes after it: all but one, and no less than one.
    #[must_use]
    pub const fn keeping_one(mut self) -> Self {
        if self.left > 1 {
            self.left -= 1;
        }
        self
    }

    /// What is left after the `attempts` of a pool, which was lent what there was if it `lends`.
    #[must_use]
    pub fn less(mut self, attempts: &[Attempt], lend: bool) -> Self {
        for attempt in attempts.iter().filter(|a| a.phase > Phase::Queue) {
            self.next(lend);
            let below = attempt.below.map(|below| below.attempts);
            self.ended(if attempt.unsent() { Some(0) } else { below });
        }
        self
    }

    /// Nothing is left.
    pub const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

// === impl Below ===

impl Below {
    /// Reads an [`ATTEMPTS`] field.
    pub fn parse(value: &str) -> Option<Self> {
        if value.len() > LONGEST {
            return None;
        }
        let item: Item = Parser::new(value).parse().ok()?;
        let host = item.params.iter().any(|(key, value)| {
            key.as_str() == "scope" && matches!(value, BareItem::Token(t) if t.as_str() == "host")
        });
        Some(Self {
            attempts: small(integer(&item.bare_item)?),
            reach: if host { Reach::Host } else { Reach::Pool },
        })
    }

    /// As an [`ATTEMPTS`] field.
    pub fn to_text(self) -> String {
        match (self.reach, self.attempts) {
            // What is refused in thousands was not attempted: no formatter for that.
            (Reach::Host, 0) => "0;scope=host".to_owned(),
            (Reach::Pool, 0) => "0".to_owned(),
            (Reach::Host, attempts) => format!("{attempts};scope=host"),
            (Reach::Pool, attempts) => attempts.to_string(),
        }
    }
}

fn integer(item: &BareItem) -> Option<u64> {
    match item {
        BareItem::Integer(number) => u64::try_from(i64::from(*number)).ok(),
        _ => None,
    }
}

fn small(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
#[path = "hops_tests.rs"]
mod tests;
