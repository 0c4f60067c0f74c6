//! What one target is told, and what became of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use soe503_api::{self as api, Timestamp};
use soe503_core::Tick;
use soe503_core::alert::{
    Entry, Event, MOST_ENTRIES, Outbox, Patience, Severity, Sight, Told, Verdict,
};
use soe503_core::rate::{Key, Limited, Quota, RateConfig, RateLimit};
use soe503_core::retry::Backoff;
use tokio::sync::Notify;

use crate::config::{Alert, AlertSecret};
use crate::tls::{Alpn, PoolTls};

/// A target, its queue, and what was counted of it. It outlives reloads, by its name.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: Arc<str>,
    settings: ArcSwap<Settings>,
    desk: Mutex<Desk>,
    /// Something is to be told.
    pub(super) wake: Notify,
    /// The configuration says something else.
    pub(super) renewed: Notify,
    pub(super) counts: Counts,
}

/// What the configuration says, made ready.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) alert: Arc<Alert>,
    pub(super) tls: Option<PoolTls>,
    pub(super) pace: RateLimit,
    pub(super) key: Key,
}

/// What became of messages.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// They arrived.
    pub(super) delivered: AtomicU64,
    /// The target does not want them.
    pub(super) refused: AtomicU64,
    /// They did not arrive in time.
    pub(super) gave_up: AtomicU64,
    /// Attempts that failed and were followed by another.
    pub(super) retried: AtomicU64,
}

#[derive(Debug, Default)]
struct Desk {
    told: Told,
    waiting: Outbox<Arc<api::Incident>>,
    /// What goes on and was told, where that is told again and again.
    open: HashMap<Arc<str>, Open>,
    /// What is on its way.
    in_flight: u64,
    /// The last secret that could be read.
    secret: Option<AlertSecret>,
    status: Status,
}

#[derive(Debug, Default)]
struct Open {
    /// The latest that is known; `None`: it is over, and its end has not been told yet.
    incident: Option<Arc<api::Incident>>,
    /// How bad it was and what led when it was told last.
    labels: Option<(Severity, String)>,
}

/// How deliveries went last.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    pub(super) delivered_at: Option<Timestamp>,
    pub(super) failed_at: Option<Timestamp>,
    /// Why the last attempt failed; `None`: it did not.
    pub(super) trouble: Option<String>,
    /// When it is tried again.
    pub(super) again_at: Option<Tick>,
}

// === impl Settings ===

impl Settings {
    pub(super) fn new(alert: &Arc<Alert>, before: Option<&Self>) -> Self {
        let per_minute = Quota::new(alert.max_per_minute, Duration::from_secs(60));
        let mut config = RateConfig::new(per_minute);
        config.max_keys = std::num::NonZeroUsize::MIN.saturating_add(7);
        let pace = match before {
            Some(before) => before.pace.reconfigured(config),
            None => RateLimit::new(alert.name.shared(), config),
        };
        let known = before.and_then(|before| before.tls.as_ref());
        let tls = alert.tls.as_ref().map(|settings| match known {
            Some(known) => {
                known.replace(settings);
                known.clone()
            }
            None => {
                let name = format!("alerts.{}", alert.name);
                PoolTls::new(name.into(), settings, &[Alpn::Http1])
            }
        });
        Self {
            alert: Arc::clone(alert),
            tls,
            key: before.map_or_else(|| pace.key(()), |before| before.key),
            pace,
        }
    }
}

// === impl Target ===

impl Target {
    pub(super) fn new(alert: &Arc<Alert>) -> Self {
        let desk = Desk {
            secret: alert.secret.clone(),
            ..Desk::default()
        };
        Self {
            name: alert.name.shared(),
            settings: ArcSwap::from_pointee(Settings::new(alert, None)),
            desk: Mutex::new(desk),
            wake: Notify::new(),
            renewed: Notify::new(),
            counts: Counts::default(),
        }
    }

    /// From now on `alert` holds; what was told and what waits stays.
    pub(super) fn follow(&self, alert: &Arc<Alert>) {
        let before = self.settings.load();
        self.settings
            .store(Arc::new(Settings::new(alert, Some(&before))));
        let mut desk = self.desk();
        desk.secret.clone_from(&alert.secret);
        if alert.resend_every.is_none() {
            // Nobody keeps up what goes on any more.
            desk.open.clear();
        }
        drop(desk);
        self.wake.notify_one();
        self.renewed.notify_one();
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Takes in what happened to an incident. Never waits.
    pub(super) fn hear(&self, sight: Sight, incident: &Arc<api::Incident>, now: Tick) {
        let settings = self.settings.load();
        let interest = &settings.alert.interest;
        let id: Arc<str> = incident.summary.id.as_str().into();
        let facts = super::hub::facts(incident);
        let mut desk = self.desk();
        let event = desk.told.see(&id, sight, &facts, interest);
        if settings.alert.resend_every.is_some() {
            desk.remember(&id, incident);
        }
        let Some(event) = event else {
            return;
        };
        desk.put(id, event, incident, now);
        drop(desk);
        self.wake.notify_one();
    }

    /// An earlier process has told of this incident.
    pub(super) fn remember(&self, incident: &api::Incident) {
        let settings = self.settings.load();
        let (id, facts) = (
            incident.summary.id.as_str().into(),
            super::hub::facts(incident),
        );
        let interest = &settings.alert.interest;
        // What there would be to tell was told.
        let _told = self.desk().told.see(&id, Sight::GoesOn, &facts, interest);
    }

    /// Puts everything that goes on in line, to be told again.
    pub(super) fn tell_again(&self, now: Tick) {
        let mut desk = self.desk();
        let open = desk.open.iter();
        let open: Vec<_> = open
            .filter_map(|(id, open)| Some((Arc::clone(id), open.incident.clone()?)))
            .collect();
        for (id, incident) in open {
            desk.put(id, Event::Again, &incident, now);
        }
    }

    /// The next message, which is on its way from now on; [`Self::settle`] ends that.
    pub(super) fn take(&self) -> Option<Entry<Arc<api::Incident>>> {
        let mut desk = self.desk();
        let entry = desk.waiting.take()?;
        desk.in_flight += 1;
        Some(entry)
    }

    /// How bad `id` was told to be, and its cause then.
    pub(super) fn labels(&self, id: &str) -> Option<(Severity, String)> {
        self.desk().open.get(id)?.labels.clone()
    }

    /// What was on its way has come to an end; `trouble`: why it did not arrive.
    pub(super) fn settle(
        &self,
        entry: Entry<Arc<api::Incident>>,
        verdict: Verdict,
        trouble: Option<String>,
        now: Timestamp,
    ) {
        let mut desk = self.desk();
        desk.in_flight = desk.in_flight.saturating_sub(1);
        desk.status.again_at = None;
        let counter = match verdict {
            Verdict::Delivered => &self.counts.delivered,
            Verdict::Refused => &self.counts.refused,
            Verdict::GaveUp => &self.counts.gave_up,
            Verdict::Again(_) => &self.counts.retried,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        match verdict {
            Verdict::Delivered => {
                desk.status.delivered_at = Some(now);
                desk.status.trouble = None;
            }
            _ => {
                desk.status.failed_at = Some(now);
                desk.status.trouble = trouble;
            }
        }
        if let Verdict::Again(at) = verdict {
            desk.status.again_at = Some(at);
            desk.waiting.put_back(entry);
        } else {
            desk.settled(&entry, verdict == Verdict::Delivered);
        }
    }

    /// What was on its way is not any more, and nobody knows whether it arrived.
    pub(super) fn put_back(&self, entry: Entry<Arc<api::Incident>>) {
        let mut desk = self.desk();
        desk.in_flight = desk.in_flight.saturating_sub(1);
        desk.waiting.put_back(entry);
    }

    /// Room for one more message in this minute, taken; or when there is.
    pub(super) fn pace(&self, now: Tick) -> Result<(), Tick> {
        let settings = self.settings.load();
        match settings.pace.take(settings.key, now) {
            Ok(_) => Ok(()),
            Err(Limited { wait, .. }) => Err(now.after(wait)),
        }
    }

    /// How long a message is tried.
    pub(super) fn patience(&self) -> Patience {
        Patience {
            pauses: Backoff {
                base: Duration::from_secs(1),
                max: Duration::from_secs(60),
            },
            give_up_after: self.settings.load().alert.give_up_after,
        }
    }

    /// The last secret that could be read.
    pub(super) fn secret(&self) -> Option<AlertSecret> {
        self.desk().secret.clone()
    }

    /// This one was read.
    pub(super) fn keep_secret(&self, secret: AlertSecret) {
        self.desk().secret = Some(secret);
    }

    /// Something is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.desk().in_flight > 0
    }

    /// Messages that wait or are on their way.
    pub(super) fn depth(&self) -> u64 {
        let desk = self.desk();
        desk.waiting.len() as u64 + desk.in_flight
    }

    /// Messages that had to make room.
    pub(super) fn dropped(&self) -> u64 {
        self.desk().waiting.dropped()
    }

    pub(super) fn status(&self) -> Status {
        self.desk().status.clone()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Whatever panicked, the desk is a list of what is to be told.
        let desk = self.desk.lock();
        desk.unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Desk ===

impl Desk {
    fn put(&mut self, id: Arc<str>, event: Event, incident: &Arc<api::Incident>, now: Tick) {
        self.waiting.put(Entry {
            id,
            event,
            about: Arc::clone(incident),
            since: now,
            attempts: 0,
        });
    }

    /// Keeps the latest of what goes on.
    fn remember(&mut self, id: &Arc<str>, incident: &Arc<api::Incident>) {
        if self.told.is_open(id) {
            let open = self.open.entry(Arc::clone(id)).or_default();
            open.incident = Some(Arc::clone(incident));
        } else if let Some(open) = self.open.get_mut(id) {
            open.incident = None;
        }
        if self.open.len() > MOST_ENTRIES {
            // Ends that were not told in time.
            self.open.retain(|_, open| open.incident.is_some());
        }
    }

    /// What was known of an incident whose end is told, or never will be, is not needed any more.
    fn settled(&mut self, entry: &Entry<Arc<api::Incident>>, delivered: bool) {
        let Some(open) = self.open.get_mut(&entry.id) else {
            return;
        };
        if delivered {
            let severity = super::hub::facts(&entry.about).severity;
            open.labels = Some((severity, entry.about.summary.cause.clone()));
        }
        if entry.event == Event::Closed && open.incident.is_none() {
            self.open.remove(&entry.id);
        }
    }
}
