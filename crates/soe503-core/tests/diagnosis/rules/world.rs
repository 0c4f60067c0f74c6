//! A pool whose seconds are made up.

use core::time::Duration;
use std::sync::Arc;

use soe503_core::diagnosis::history::{BackendSecond, History, Label, Second};
use soe503_core::diagnosis::rules::{
    BrokenCheck, Departure, Everywhere, Finding, Findings, Inputs, Late, LimitState, Own,
    OwnSecond, Silent, Words, judge,
};
use soe503_core::{Cause, Tick};

/// One second of a pool of backends that are alike, but for those that `backends` changes.
#[derive(Clone)]
pub(crate) struct Tell {
    pub(crate) offered: u32,
    pub(crate) again: u32,
    pub(crate) retries: u32,
    pub(crate) good: u32,
    pub(crate) left: u32,
    pub(crate) shed: u32,
    pub(crate) limited: u32,
    pub(crate) failures: Vec<(Cause, u32)>,
    pub(crate) spoiled: Vec<(Cause, u32)>,
    /// Milliseconds, in flight, and failures of each backend.
    pub(crate) backends: Vec<(u64, u32, u32)>,
}

/// A world that goes on second by second.
pub(crate) struct World {
    pub(crate) at: u64,
    pub(crate) history: History,
    pub(crate) labels: Vec<Label>,
    pub(crate) own: Own,
    pub(crate) limit: Option<LimitState>,
    pub(crate) words: Vec<Words>,
    pub(crate) departures: Vec<Departure>,
    pub(crate) speak_tls: Vec<Arc<str>>,
    pub(crate) late: Option<Late>,
    pub(crate) silent: Vec<Silent>,
    pub(crate) broken_checks: Vec<BrokenCheck>,
    pub(crate) everywhere: Option<Everywhere>,
    pub(crate) before: Option<Findings>,
}

impl World {
    pub(crate) fn of(backends: usize) -> Self {
        let label = |i| Label::new(format!("b{i}"));
        Self {
            at: 1_000,
            history: History::new(0),
            labels: (0..backends).map(label).collect(),
            own: Own::default(),
            limit: None,
            words: Vec::new(),
            departures: Vec::new(),
            speak_tls: Vec::new(),
            late: None,
            silent: Vec::new(),
            broken_checks: Vec::new(),
            everywhere: None,
            before: None,
        }
    }

    /// Half a minute in which all is well: 90 requests a second, 20 ms each.
    pub(crate) fn usual(backends: usize) -> Self {
        let mut world = Self::of(backends);
        world.run(30, |_| well(backends));
        world
    }

    pub(crate) fn now(&self) -> Tick {
        Tick::from_secs(self.at)
    }

    pub(crate) fn run(&mut self, seconds: u64, tell: impl Fn(u64) -> Tell) {
        for i in 0..seconds {
            self.at += 1;
            let told = tell(i);
            let second = Second {
                at: self.at,
                offered: told.offered,
                again: told.again,
                retries: told.retries,
                good: told.good,
                left: told.left,
                shed: told.shed,
                limited: told.limited,
                pending: told.backends.iter().map(|b| b.1).sum(),
                failures: told.failures.clone(),
                spoiled: told.spoiled.clone(),
            };
            let share = told.offered / told.backends.len().max(1) as u32;
            let backends = self.labels.iter().cloned().zip(told.backends.iter().map(
                |(millis, in_flight, failures)| BackendSecond {
                    at: self.at,
                    attempts: share,
                    failures: *failures,
                    in_flight: *in_flight,
                    p50: (*millis > 0).then(|| Duration::from_millis(*millis)),
                    p99: (*millis > 0).then(|| Duration::from_millis(*millis * 4)),
                },
            ));
            self.history.push(second, backends);
        }
    }

    pub(crate) fn own(&mut self, second: OwnSecond) {
        self.own.push(OwnSecond {
            at: self.at,
            ..second
        });
    }

    pub(crate) fn findings(&self) -> Findings {
        judge(&Inputs {
            now: self.now(),
            history: &self.history,
            own: &self.own,
            limit: self.limit,
            words: &self.words,
            departures: &self.departures,
            speak_tls: &self.speak_tls,
            late: self.late,
            silent: &self.silent,
            broken_checks: &self.broken_checks,
            everywhere: self.everywhere.as_ref(),
            before: self.before.as_ref(),
        })
    }

    /// The causes that are found, in order.
    pub(crate) fn causes(&self) -> Vec<Cause> {
        self.findings().list.iter().map(|f| f.cause).collect()
    }

    pub(crate) fn finding(&self, cause: Cause) -> Finding {
        let findings = self.findings();
        let found = findings.list.iter().find(|f| f.cause == cause).cloned();
        found.unwrap_or_else(|| panic!("{cause} is not in {findings:#?}"))
    }
}

pub(crate) fn well(backends: usize) -> Tell {
    Tell {
        offered: 90,
        again: 0,
        retries: 0,
        good: 90,
        left: 0,
        shed: 0,
        limited: 0,
        failures: Vec::new(),
        spoiled: Vec::new(),
        backends: vec![(20, 1, 0); backends],
    }
}

/// Of the requests, `late` run into their timeout.
pub(crate) fn late(tell: Tell, late: u32) -> Tell {
    Tell {
        good: tell.offered - late,
        failures: vec![(Cause::DependencyResponseTimeout, late)],
        ..tell
    }
}
