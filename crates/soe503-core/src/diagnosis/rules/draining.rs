//! R19: backends that stop before they are taken out.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Fact, Finding, Missing};
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::Grade;

/// A backend that has left its pool, or was told to drain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Its name.
    pub name: Arc<str>,
    /// When it was taken out.
    pub at: Tick,
    /// When it began to refuse connections, if it did before that.
    pub refused: Option<Tick>,
}

/// A refusal so long before or after a departure has to do with it.
const AROUND: Duration = Duration::from_secs(10);
/// How long a departure speaks for the next one: a roll-out takes one after another.
const ROLLOUT: Duration = Duration::from_secs(60);

/// Backends refused connections shortly before they were taken out: they are stopped faster than that gets
/// around. Told for those that have left, and as a suspicion for those that refuse next.
pub(super) fn draining(departures: &[Departure], now: Tick) -> Vec<Finding> {
    let late: Vec<(&Departure, Duration)> = departures
        .iter()
        .filter(|d| now.since(d.at) <= ROLLOUT)
        .filter_map(|d| Some((d, d.at.since(d.refused?))))
        .filter(|(_, delay)| *delay <= AROUND)
        .collect();
    let Some(delay) = late.iter().map(|(_, delay)| *delay).max() else {
        return Vec::new();
    };
    let fact = Fact::OutTooLate {
        delay,
        backends: late.len() as u32,
        // Whole seconds, and one for what was under way.
        pre_stop: Duration::from_secs(delay.as_secs() + 2),
    };
    let mut known = Finding::new(Cause::MaintenanceDraining, Grade::Inferred);
    known.backends = late.iter().map(|(d, _)| Arc::clone(&d.name)).collect();
    known.facts.push(fact.clone());
    let mut next = Finding::new(Cause::MaintenanceDraining, Grade::Suspected);
    next.facts.push(fact);
    next.missing.push(Missing::Removal);
    vec![known, next]
}
