//! All targets, and what they hear.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use soe503_api as api;
use soe503_core::alert::{Facts, Severity, Sight};
use soe503_core::diagnosis::{Grade, Level};
use soe503_core::{Cause, Tick};
use tokio::sync::{Semaphore, watch};

use super::desk::Target;
use super::files::Files;
use super::post::Network;
use crate::config::Config;
use crate::control::dns::SystemResolver;
use crate::control::incidents::News;
use crate::tls::PoolTls;

/// The targets of this process: a cheap-clone handle.
#[derive(Clone, Debug)]
pub struct Alerts {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    targets: ArcSwap<Targets>,
    /// Where people reach the admin API.
    external_url: ArcSwap<Option<Arc<str>>>,
    /// What sends messages that somebody asks for.
    post: OnceLock<Arc<Network<SystemResolver>>>,
    /// One of their files is read at a time.
    reading: Arc<Semaphore>,
    /// Changes with the targets.
    generation: watch::Sender<u64>,
}

pub(super) type Targets = BTreeMap<Arc<str>, Arc<Target>>;

/// What metrics say of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetScrape {
    /// Its name.
    pub name: Arc<str>,
    /// Messages by what became of them: `delivered`, `refused`, `gave_up`.
    pub sent: [(&'static str, u64); 3],
    /// Attempts that failed and were followed by another.
    pub retried: u64,
    /// Messages that wait.
    pub depth: u64,
    /// Messages that had to make room.
    pub dropped: u64,
    /// The last attempt failed.
    pub failing: bool,
}

// === impl Alerts ===

impl Alerts {
    /// Those of `config`.
    pub fn new(config: &Config) -> Self {
        let alerts = Self {
            shared: Arc::new(Shared {
                targets: ArcSwap::default(),
                external_url: ArcSwap::default(),
                post: OnceLock::new(),
                reading: Arc::new(Semaphore::new(1)),
                generation: watch::Sender::new(0),
            }),
        };
        alerts.follow(config);
        alerts
    }

    /// From now on those of `config`; targets that were there keep, by name, what they were told and what waits.
    pub fn follow(&self, config: &Config) {
        let before = self.shared.targets.load();
        let targets = config.alerts.iter().map(|alert| {
            let name = alert.name.shared();
            let target = match before.get(&name) {
                Some(known) => {
                    known.follow(alert);
                    Arc::clone(known)
                }
                None => Arc::new(Target::new(alert)),
            };
            (name, target)
        });
        let targets: Targets = targets.collect();
        self.shared.targets.store(Arc::new(targets));
        let external_url = config.incidents.external_url.clone();
        self.shared.external_url.store(Arc::new(external_url));
        self.shared.generation.send_modify(|number| *number += 1);
    }

    /// Tells every target what happened; none of them is waited for.
    pub(crate) fn hear(&self, news: &[News], now: Tick) {
        let targets = self.shared.targets.load();
        if targets.is_empty() {
            return;
        }
        for one in news {
            let (sight, incident) = match one {
                News::Opened(incident) | News::Reopened(incident) => (Sight::Opened, incident),
                News::Updated(incident) => (Sight::GoesOn, incident),
                News::Closed(incident) => (Sight::Closed, incident),
                News::Changed(_) => continue,
            };
            let incident = Arc::new(incident.clone());
            for target in targets.values() {
                target.hear(sight, &incident, now);
            }
        }
    }

    /// `incident` was open, and told, when an earlier process ended: who would have been told is told of its end.
    pub(crate) fn remember(&self, incident: &api::Incident) {
        for target in self.shared.targets.load().values() {
            target.remember(incident);
        }
    }

    /// `post` sends what somebody asks for.
    pub(crate) fn set_post(&self, post: Arc<Network<SystemResolver>>) {
        // A process has one control plane.
        let _set = self.shared.post.set(post);
    }

    /// What sends messages; `None`: there is no control plane.
    pub(crate) fn post(&self) -> Option<Arc<Network<SystemResolver>>> {
        self.shared.post.get().cloned()
    }

    /// What reads the files of one target.
    pub(super) fn files(&self) -> Files {
        Files::new(Arc::clone(&self.shared.reading))
    }

    pub(super) fn targets(&self) -> Arc<Targets> {
        self.shared.targets.load_full()
    }

    pub(super) fn external_url(&self) -> Option<Arc<str>> {
        (**self.shared.external_url.load()).clone()
    }

    pub(super) fn generation(&self) -> watch::Receiver<u64> {
        self.shared.generation.subscribe()
    }

    /// TLS of the targets that have it.
    pub(crate) fn all_tls(&self) -> Vec<PoolTls> {
        let targets = self.shared.targets.load();
        let tls = targets
            .values()
            .filter_map(|target| target.settings().tls.clone());
        tls.collect()
    }

    /// What metrics say.
    pub fn scrape(&self) -> Vec<TargetScrape> {
        let targets = self.shared.targets.load();
        let scraped = targets.values().map(|target| {
            let counts = &target.counts;
            TargetScrape {
                name: Arc::clone(&target.name),
                sent: [
                    ("delivered", counts.delivered.load(Relaxed)),
                    ("refused", counts.refused.load(Relaxed)),
                    ("gave_up", counts.gave_up.load(Relaxed)),
                ],
                retried: counts.retried.load(Relaxed),
                depth: target.depth(),
                dropped: target.dropped(),
                failing: target.status().trouble.is_some(),
            }
        });
        scraped.collect()
    }
}

/// What decides whether `incident` is told.
pub(super) fn facts(incident: &api::Incident) -> Facts<'_> {
    let summary = &incident.summary;
    let level = match summary.scope.level {
        api::ScopeLevel::Backend => Level::Backend,
        api::ScopeLevel::Subset => Level::Subset,
        api::ScopeLevel::Pool => Level::Pool,
        api::ScopeLevel::AllPools => Level::AllPools,
        _ => Level::Request,
    };
    let pool = summary.scope.pool.as_deref();
    let failed = summary.requests.failed;
    Facts {
        cause: Cause::from_id(&summary.cause),
        grade: match summary.grade {
            api::Grade::Proven => Grade::Proven,
            api::Grade::Inferred => Grade::Inferred,
            _ => Grade::Suspected,
        },
        severity: Severity::of(level, pool.is_none(), failed),
        pool,
        failed,
    }
}
