//! The timetable of one pool's checks.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderValue;
use soe503_core::Tick;
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health, HealthReport};
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

use super::Prober;
use crate::config::HealthCheck;
use crate::tls::ClientTls;

/// A backend that is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its name, unique in its pool.
    pub name: Arc<str>,
    /// Where it is.
    pub address: SocketAddr,
    /// The `Host` to send where the check does not name one.
    pub host: HeaderValue,
    /// TLS, if it is spoken there.
    pub tls: Option<ClientTls>,
    /// Requests to it fail: look soon.
    pub suspicious: bool,
    /// What is known of its health when checks begin; a reload does not forget who is down.
    pub health: Health,
}

/// Whose backends are checked, and who wants to know.
pub trait Patients: Send + Sync + 'static {
    /// The backends as they are now. Asked again and again: they come and go.
    fn list(&self) -> Vec<Checked>;
    /// What the checks of the backend called `name` say.
    fn report(&self, name: &str, report: &HealthReport, now: Tick);
}

/// What bounds the checks of a process.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A check runs while it holds a permit of this, which all pools share.
    pub at_once: Arc<Semaphore>,
}

struct Watched {
    checked: Checked,
    checker: Checker,
    running: bool,
    /// After a check that panicked: not sooner than this.
    not_before: Tick,
}

struct Timetable<B, P> {
    patients: Arc<B>,
    prober: Arc<P>,
    check: HealthCheck,
    limits: Limits,
    watched: HashMap<Arc<str>, Watched>,
    checks: JoinSet<(SocketAddr, CheckResult)>,
    names: HashMap<Id, Arc<str>>,
}

/// Checks `patients` for ever; the caller ends it by dropping the future, which ends the checks
/// that run, too.
pub async fn run<B: Patients, P: Prober>(
    patients: Arc<B>,
    prober: Arc<P>,
    check: HealthCheck,
    limits: Limits,
) {
    let timetable = Timetable {
        patients,
        prober,
        check,
        limits,
        watched: HashMap::new(),
        checks: JoinSet::new(),
        names: HashMap::new(),
    };
    timetable.run().await;
}

fn with(config: &CheckConfig, initial: Health) -> CheckConfig {
    CheckConfig {
        initial,
        ..config.clone()
    }
}

// === impl Limits ===

impl Limits {
    /// How many checks run at once in one process.
    pub const AT_ONCE: usize = 64;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(Self::AT_ONCE)),
        }
    }
}

// === impl Watched ===

impl Watched {
    fn due(&self) -> Tick {
        self.checker.next_at().max(self.not_before)
    }
}

// === impl Timetable ===

impl<B: Patients, P: Prober> Timetable<B, P> {
    async fn run(mut self) {
        let config = self.check.decisions();
        loop {
            let now = soe503::clock::now();
            self.attend(&config, now);
            self.start_due(now);
            // Backends come and go and fall under suspicion between checks: look at least this often.
            let look = now.after(config.fast_interval);
            let waiting = self.watched.values().filter(|w| !w.running);
            let wake = waiting.map(Watched::due).min().unwrap_or(look).min(look);
            tokio::select! {
                Some(done) = self.checks.join_next_with_id() => self.finish(done),
                () = tokio::time::sleep_until(soe503::clock::instant(wake)) => {}
            }
        }
    }

    /// Takes notice of who came, who went and who is under suspicion.
    fn attend(&mut self, config: &CheckConfig, now: Tick) {
        let list = self.patients.list();
        self.watched.retain(|name, watched| {
            list.iter()
                .any(|c| c.name == *name && c.address == watched.checked.address)
        });
        for checked in list {
            let watched = self
                .watched
                .entry(Arc::clone(&checked.name))
                .or_insert_with(|| Watched {
                    checker: Checker::new(with(config, checked.health), fastrand::u64(..), now),
                    checked: checked.clone(),
                    running: false,
                    not_before: now,
                });
            if checked.suspicious && !watched.checked.suspicious {
                watched.checker.suspect(now);
            }
            watched.checked = checked;
        }
    }

    fn start_due(&mut self, now: Tick) {
        for (name, watched) in &mut self.watched {
            if watched.running || watched.due() > now {
                continue;
            }
            watched.running = true;
            let prober = Arc::clone(&self.prober);
            let at_once = Arc::clone(&self.limits.at_once);
            let check = self.check.clone();
            let Checked {
                address, host, tls, ..
            } = watched.checked.clone();
            let task = self.checks.spawn(async move {
                // The semaphore is never closed; if it were, checking without it does no harm.
                let _permit = at_once.acquire().await;
                let result = prober
                    .probe(&check.probe, address, &host, tls.as_ref(), check.timeout)
                    .await;
                (address, result)
            });
            self.names.insert(task.id(), Arc::clone(name));
        }
    }

    fn finish(&mut self, done: Result<(Id, (SocketAddr, CheckResult)), tokio::task::JoinError>) {
        let now = soe503::clock::now();
        let (id, done) = match done {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        let Some(name) = self.names.remove(&id) else {
            return;
        };
        let Some(watched) = self.watched.get_mut(&name) else {
            return;
        };
        watched.running = false;
        let Some((address, result)) = done else {
            // A check that panicked says nothing about its backend; it is made again later.
            tracing::error!(backend = &*name, "a health check panicked");
            watched.not_before = now.after(self.check.interval);
            return;
        };
        if address != watched.checked.address {
            return;
        }
        if let Some(change) = watched.checker.record(now, result) {
            let report = watched.checker.report();
            tracing::info!(
                backend = &*name,
                from = %change.from,
                to = %change.to,
                error = report.last_error.as_deref(),
                "checks changed their mind"
            );
        }
        self.patients.report(&name, watched.checker.report(), now);
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
