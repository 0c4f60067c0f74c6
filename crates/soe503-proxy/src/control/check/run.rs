//! The timetable of one pool's checks.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use soe503_core::Tick;
use soe503_core::health::{CheckConfig, CheckResult, Checker, Health, HealthReport};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
    /// What is known of its health when checks begin; a reload does not forget who is down.
    pub health: Health,
}

/// Whose backends are checked, and who wants to know.
///
/// Asked again and again, as backends come and go: for the list only when the epoch has changed, as
/// with thousands of backends it costs something.
pub trait Patients: Send + Sync + 'static {
    /// A number that changes with the set of backends.
    fn epoch(&self) -> u64;
    /// The backends as they are now.
    fn list(&self) -> Vec<Checked>;
    /// The names of those whose last request failed: they are looked at soon.
    fn suspects(&self) -> HashSet<Arc<str>>;
    /// A check has ended.
    fn count(&self, result: &CheckResult);
    /// The backend called `name` says which release it is.
    fn released(&self, name: &Arc<str>, release: &Arc<str>) {
        let _ = (name, release);
    }
    /// What the checks of the backend called `name` say.
    fn report(&self, name: &str, report: &HealthReport, now: Tick);
}

/// What bounds the checks of a process.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A check begins with a permit of this, which all pools share.
    pub at_once: Arc<Semaphore>,
    /// A check that waits for its backend for long goes on with a permit of this, if there is one: what
    /// waits costs nothing but a socket, and checks of backends that answer are not to wait behind it.
    pub slow: Arc<Semaphore>,
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
    check: Arc<HealthCheck>,
    limits: Limits,
    watched: HashMap<Arc<str>, Watched>,
    /// Of which set of backends those are.
    epoch: Option<u64>,
    /// Who was under suspicion at the last look.
    suspected: HashSet<Arc<str>>,
    /// When to check whom, soonest first. An entry that is no longer true is dropped when its time
    /// comes: 10,000 backends are not searched for the next one.
    due: BinaryHeap<Reverse<(Tick, Arc<str>)>>,
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
        check: Arc::new(check),
        limits,
        watched: HashMap::new(),
        epoch: None,
        suspected: HashSet::new(),
        due: BinaryHeap::new(),
        checks: JoinSet::new(),
        names: HashMap::new(),
    };
    timetable.run().await;
}

/// The result of `probe`, which gives its permit up for one of the `slow` when it takes long.
async fn within_limits(
    probe: impl Future<Output = CheckResult>,
    permit: Option<OwnedSemaphorePermit>,
    slow: &Semaphore,
) -> CheckResult {
    /// By then a check has done all of its work, and waits.
    const LONG: Duration = Duration::from_millis(100);
    tokio::pin!(probe);
    if let Ok(result) = tokio::time::timeout(LONG, &mut probe).await {
        return result;
    }
    let other = slow.try_acquire();
    let kept = permit.filter(|_| other.is_err());
    let result = probe.await;
    drop((kept, other));
    result
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
    /// How many more may wait for backends that are slow.
    pub const SLOW: usize = 256;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(Self::AT_ONCE)),
            slow: Arc::new(Semaphore::new(Self::SLOW)),
        }
    }
}

// === impl Watched ===

impl Watched {
    fn due(&self) -> Tick {
        self.checker.next_at().max(self.not_before)
    }

    /// Whether an entry of the timetable for `at` is true.
    fn is_due_at(&self, at: Tick) -> bool {
        !self.running && self.due() == at
    }
}

// === impl Timetable ===

impl<B: Patients, P: Prober> Timetable<B, P> {
    async fn run(mut self) {
        let config = self.check.decisions();
        let mut look = Tick::ZERO;
        loop {
            let now = soe503::clock::now();
            if now >= look {
                self.attend(&config, now);
                // Backends come and go and fall under suspicion between checks.
                look = now.after(config.fast_interval);
            }
            let next = self.next_due();
            let is_due = next.is_some_and(|at| at <= now);
            let wake = next.filter(|_| !is_due).map_or(look, |at| at.min(look));
            let at_once = Arc::clone(&self.limits.at_once);
            tokio::select! {
                biased;
                Some(done) = self.checks.join_next_with_id() => self.finish(done),
                // Whoever is due waits here and not in a task of its own. The semaphore is never
                // closed; if it were, checking without it does no harm.
                permit = at_once.acquire_owned(), if is_due => self.start_next(permit.ok()),
                () = tokio::time::sleep_until(soe503::clock::instant(wake)) => {}
            }
        }
    }

    /// Takes notice of who came, who went and who is under suspicion.
    fn attend(&mut self, config: &CheckConfig, now: Tick) {
        let epoch = self.patients.epoch();
        if self.epoch != Some(epoch) {
            // Read before the list: what changes meanwhile is noticed at the next look.
            self.epoch = Some(epoch);
            self.take_in(config, now);
        }
        let suspects = self.patients.suspects();
        for name in suspects.difference(&self.suspected) {
            let Some(watched) = self.watched.get_mut(name) else {
                continue;
            };
            watched.checker.suspect(now);
            if !watched.running {
                let entry = (watched.due(), Arc::clone(name));
                self.due.push(Reverse(entry));
            }
        }
        self.suspected = suspects;
    }

    /// Takes over who is there now.
    fn take_in(&mut self, config: &CheckConfig, now: Tick) {
        let list = self.patients.list();
        let here: HashMap<&str, SocketAddr> = list
            .iter()
            .map(|checked| (&*checked.name, checked.address))
            .collect();
        self.watched
            .retain(|name, watched| here.get(&**name) == Some(&watched.checked.address));
        let newcomers = list.len().saturating_sub(self.watched.len());
        for checked in list {
            if let Some(watched) = self.watched.get_mut(&checked.name) {
                watched.checked = checked;
                continue;
            }
            let config = with(config, checked.health);
            let name = Arc::clone(&checked.name);
            let watched = Watched {
                checker: Checker::among(newcomers, config, fastrand::u64(..), now),
                checked,
                running: false,
                not_before: now,
            };
            self.due.push(Reverse((watched.due(), Arc::clone(&name))));
            self.watched.insert(name, watched);
        }
    }

    /// When the next check is due. Drops what is no longer true.
    fn next_due(&mut self) -> Option<Tick> {
        while let Some(Reverse((at, name))) = self.due.peek() {
            let watched = self.watched.get(name);
            if watched.is_some_and(|watched| watched.is_due_at(*at)) {
                return Some(*at);
            }
            self.due.pop();
        }
        None
    }

    /// Starts the check that is due first.
    fn start_next(&mut self, permit: Option<OwnedSemaphorePermit>) {
        let Some(Reverse((_, name))) = self.due.pop() else {
            return;
        };
        let Some(watched) = self.watched.get_mut(&name) else {
            return;
        };
        watched.running = true;
        let prober = Arc::clone(&self.prober);
        let check = Arc::clone(&self.check);
        let Checked {
            address, host, tls, ..
        } = watched.checked.clone();
        let slow = Arc::clone(&self.limits.slow);
        let task = self.checks.spawn(async move {
            let probe = prober.probe(&check.probe, address, &host, tls.as_ref(), check.timeout);
            (address, within_limits(probe, permit, &slow).await)
        });
        self.names.insert(task.id(), name);
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
        let Some((address, result)) = done else {
            // A check that panicked says nothing about its backend; it is made again later.
            tracing::error!(backend = &*name, "a health check panicked");
            watched.running = false;
            watched.not_before = now.after(self.check.interval);
            self.due.push(Reverse((watched.due(), name)));
            return;
        };
        if address != watched.checked.address {
            // The check of another machine that had the name before.
            return;
        }
        watched.running = false;
        self.patients.count(&result);
        if let CheckResult::Passed {
            release: Some(release),
            ..
        } = &result
        {
            self.patients.released(&name, release);
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
        self.due.push(Reverse((watched.due(), name)));
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
