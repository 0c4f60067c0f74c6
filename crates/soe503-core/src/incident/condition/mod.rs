//! What is wrong with a pool although its requests are answered.
//!
//! A health check that asks for a path that is gone, a name that does not resolve any more while the last answer
//! carries, a backend that has been out for long while the others do its work: nothing fails, and yet somebody has to do
//! something before the next fault makes it an outage. The rules here look at a pool's state once a second and say which
//! such [`Condition`]s there are; the [`Book`](super::Book) opens an incident for one that lasts.
//!
//! | rule | condition | opens after | does not, where |
//! | --- | --- | --- | --- |
//! | R1–R3 | the health check fails at **every** backend without a verdict of theirs, and requests are answered | 3 s | one backend alone fails it (it may do so to leave rotation), or checks say 5xx (their own word) |
//! | – | a name does not resolve, and the last good answer is used | 10 s | addresses only change |
//! | – | backends are out of rotation for a proven reason | [`Settings::out_after`](super::Settings) | an operator took them out, or they say themselves that they are not ready |
//!
//! Nothing begins while maintenance is planned for the pool.

mod checks;
mod names;
mod out;
mod seen;

use core::time::Duration;
use std::sync::Arc;

pub use seen::{BackendSeen, CheckSeen, NameSeen, PathFound, PoolSeen};

use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::{Grade, Level};

/// A state of a pool that has a cause and needs somebody's act, though no request fails of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The cause.
    pub cause: Cause,
    /// How sure that is.
    pub grade: Grade,
    /// How far it reaches.
    pub level: Level,
    /// Backends of the pool.
    pub backends_total: Option<usize>,
    /// How many of them are concerned.
    pub backends_affected: Option<usize>,
    /// Which; some of them, if they are many.
    pub backends: Vec<Arc<str>>,
    /// Since when it can be seen.
    pub since: Tick,
    /// There is enough for an incident to begin. If not, one that goes on is not over either.
    pub begins: bool,
    /// How long it must last before it is one.
    pub settle: Duration,
    /// What it is, in a sentence without its full stop.
    pub what: String,
    /// What was observed.
    pub evidence: Vec<Observation>,
    /// What it is not, and why not.
    pub ruled_out: Vec<(Cause, String)>,
    /// What to do now.
    pub quick: Vec<String>,
    /// What to do for good.
    pub long_term: Vec<String>,
    /// How to find out whether it helped.
    pub verify: Vec<String>,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Where it comes from: `probe`, `traffic`, `candidate`, `backend` or `dns`.
    pub kind: &'static str,
    /// What was seen.
    pub what: String,
    /// How often.
    pub count: Option<u64>,
    /// When, if it is an event.
    pub at: Option<Tick>,
    /// Since when, if it is a state.
    pub since: Option<Tick>,
}

/// As many backends are named.
const MOST_NAMED: usize = 16;

/// What is wrong with the pool as it was `seen`, if anything.
pub fn conditions(seen: &PoolSeen) -> Vec<Condition> {
    let mut found: Vec<Condition> = checks::broken(seen).into_iter().collect();
    found.extend(names::unresolved(seen));
    found.extend(out::out_for_long(seen));
    if seen.maintenance {
        found.iter_mut().for_each(|one| one.begins = false);
    }
    found
}

// === impl Condition ===

impl Condition {
    /// One with this cause, and what the table of causes says of it.
    fn new(cause: Cause, seen: &PoolSeen, since: Tick, settle: Duration) -> Self {
        let info = cause.info();
        let filled = |text: &str| vec![text.replace("POOL", &seen.pool)];
        Self {
            cause,
            grade: Grade::Suspected,
            level: Level::Pool,
            backends_total: None,
            backends_affected: None,
            backends: Vec::new(),
            since,
            begins: true,
            settle,
            what: String::new(),
            evidence: Vec::new(),
            ruled_out: Vec::new(),
            quick: filled(info.quick_fix),
            long_term: filled(info.long_term_fix),
            verify: filled(info.verify),
        }
    }

    /// It concerns these `backends` of those that are not taken out by an operator.
    fn concern(&mut self, backends: &[&BackendSeen], seen: &PoolSeen) {
        let total = seen.enabled().count();
        self.backends_total = Some(total);
        self.backends_affected = Some(backends.len());
        self.level = match backends.len() {
            some if some >= total => Level::Pool,
            1 => Level::Backend,
            _ => Level::Subset,
        };
        let named = backends.iter().take(MOST_NAMED);
        self.backends = named.map(|backend| Arc::clone(&backend.name)).collect();
    }

    /// Nobody has taken backends out on purpose, as far as that can be seen.
    fn rule_out_draining(&mut self, seen: &PoolSeen) {
        if seen.enabled().count() == seen.backends.len() {
            let because = format!(
                "none of {} backends is draining or disabled",
                seen.backends.len()
            );
            self.ruled_out.push((Cause::MaintenanceDraining, because));
        }
    }
}

// === impl Observation ===

impl Observation {
    const fn new(kind: &'static str, what: String) -> Self {
        Self {
            kind,
            what,
            count: None,
            at: None,
            since: None,
        }
    }
}

/// `a, b, c and 5 more`.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 4;
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
