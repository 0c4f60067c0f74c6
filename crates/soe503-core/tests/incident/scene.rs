//! A proxy with pools, acted out in steps of a quarter of a second.

use std::sync::Arc;
use std::time::Duration;

use soe503_core::diagnosis::{BackendView, Condition, Context, diagnose};
use soe503_core::incident::{
    Book, Counted, Directory, Incident, Moment, News, Saved, Settings, Sighting, counts,
};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, Refusal, TimeoutKind};
use soe503_core::{Cause, Tick};

/// The scene begins at this time.
pub(crate) const BEGIN: i64 = 1_795_369_000_000;

/// What happens to a pool in each step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) pool: &'a str,
    pub(crate) good: u64,
    pub(crate) failed: &'a [(Cause, u64)],
    pub(crate) saved: u64,
}

pub(crate) struct Scene {
    pub(crate) book: Book,
    millis: u64,
    requests: u64,
    pub(crate) news: Vec<News>,
}

pub(crate) const fn step<'a>(pool: &'a str, good: u64, failed: &'a [(Cause, u64)]) -> Step<'a> {
    Step {
        pool,
        good,
        failed,
        saved: 0,
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            close_after: Duration::from_secs(10),
            ..Settings::default()
        };
        let mut scene = Self {
            book: Book::new(settings, at(0)),
            millis: 0,
            requests: 0,
            news: Vec::new(),
        };
        scene.millis = 250;
        scene
    }

    pub(crate) fn now(&self) -> Moment {
        at(self.millis)
    }

    pub(crate) fn directory(&mut self) -> Option<Directory> {
        let now = self.now();
        self.book.directory(now)
    }

    /// The same four times a second, for so many seconds.
    pub(crate) fn run(&mut self, seconds: u64, steps: &[Step<'_>]) {
        for _ in 0..seconds * 4 {
            for step in steps {
                self.act(step);
            }
            self.turn();
        }
    }

    /// One quarter of a second.
    pub(crate) fn act(&mut self, step: &Step<'_>) {
        let now = self.now();
        let pool: Arc<str> = step.pool.into();
        let mut failed = 0;
        for (cause, count) in step.failed {
            failed += count;
            if !counts(*cause) {
                continue;
            }
            // As many are explained as get through.
            for _ in 0..(*count).min(3) {
                self.requests += 1;
                let id: Arc<str> = format!("R{}", self.requests).into();
                let sighting = sighting(&id, now.tick, &pool, *cause);
                self.book.sighted(&pool, sighting, now);
            }
        }
        let counted = Counted {
            requests: step.good + failed,
            failed: step.failed.to_vec(),
            saved: Saved([step.saved, 0, 0, 0, 0, 0]),
        };
        self.book.count(&pool, &counted, now);
    }

    pub(crate) fn turn(&mut self) {
        let now = self.now();
        self.news.extend(self.book.turn(now));
        self.millis += 250;
    }

    pub(crate) fn open(&self) -> Vec<&Incident> {
        self.book.incidents().filter(|i| i.is_open()).collect()
    }

    pub(crate) fn all(&self) -> Vec<&Incident> {
        self.book.incidents().collect()
    }

    /// The only incident there is.
    #[track_caller]
    pub(crate) fn one(&self) -> &Incident {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0]
    }
}

pub(crate) fn at(millis: u64) -> Moment {
    Moment {
        tick: Tick::from_secs(3600).after(Duration::from_millis(millis)),
        unix_ms: BEGIN + millis as i64,
    }
}

/// A failure of a request to `pool`, whose three backends are all out, with this primary cause. An open circuit
/// has refused connections behind it.
pub(crate) fn sighting(id: &Arc<str>, now: Tick, pool: &Arc<str>, cause: Cause) -> Sighting {
    let fault = match cause {
        Cause::DependencyConnectRefused => Fault::Errno(111),
        Cause::DependencyResetBeforeResponse => Fault::Errno(104),
        Cause::DependencyResponseTimeout => Fault::Timeout(TimeoutKind::Attempt),
        Cause::ResourceFdLimit => Fault::Errno(24),
        Cause::CircuitConsecutiveFailures => Fault::Refused(Refusal::CircuitOpen {
            rule: cause,
            root: Some(Cause::DependencyConnectRefused),
        }),
        other => panic!("no attempt is known that shows {other}"),
    };
    let refused = matches!(fault, Fault::Refused(_));
    let attempt = Attempt {
        backend: (!refused).then(|| Arc::from("b1")),
        phase: match &fault {
            Fault::Refused(_) => Phase::Queue,
            Fault::Errno(104) | Fault::Timeout(_) => Phase::WaitHeaders,
            _ => Phase::Connect,
        },
        accepted_before: true,
        fault: Some(fault),
        elapsed: Duration::from_millis(1),
        ..Attempt::begin(1, now)
    };
    let ledger = Ledger::from(attempt);
    let context = Context {
        pool: Some(Arc::clone(pool)),
        backends: ["b1", "b2", "b3"].map(down).into(),
        ..Context::new(now)
    };
    let diagnosis = diagnose(&ledger, &context);
    assert_eq!(diagnosis.primary, cause);
    Sighting::new(id, now, &diagnosis, &ledger)
}

fn down(name: &str) -> BackendView {
    BackendView {
        name: name.into(),
        address: None,
        condition: Condition::Ejected,
        cause: Some(Cause::DependencyConnectRefused),
        since: None,
        hints: None,
    }
}
