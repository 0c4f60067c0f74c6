//! What the book is told, four times a second.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use soe503_core::breaker::TransitionReason;
use soe503_core::incident::{Counted, EntryKind, News as CoreNews, Saved, Sighting, blamed};
use soe503_core::{Cause, Tick};

use super::feed::News;
use super::{Desk, Incidents, tell};
use crate::control::clock::Anchor;
use crate::control::event_log::tell_failures;
use crate::control::recorder::{Record, Recorder};
use crate::state::{PoolState, Proxy, Tally};

/// Pools in which nothing has failed are counted so often.
const EVERY: Duration = Duration::from_millis(950);

/// What was counted and seen last.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pools: HashMap<Arc<str>, Totals>,
    interrupted: BTreeMap<Arc<str>, usize>,
    /// When all pools were counted last.
    all: Tick,
}

#[derive(Clone, Debug, Default)]
struct Totals {
    tally: Tally,
    saved: Saved,
    /// Answers of ours that were given instead of failures.
    instead: u64,
}

impl Incidents {
    /// Takes in what was recorded and counted, opens and closes, and tells what is new. The control plane calls
    /// it on each of its ticks.
    pub fn turn(&self, proxy: &Proxy, anchor: Anchor) {
        let records = proxy.recorder.drain();
        records.iter().for_each(|record| tell_failures(record));
        let news = {
            let mut desk = self.desk();
            desk.take_in(&records, anchor);
            desk.count(proxy, &records, anchor);
            let changed = desk.watch(proxy, anchor);
            desk.observe(proxy, anchor);
            let news = desk.book.turn(anchor.moment());
            if let Some(directory) = desk.book.directory(anchor.moment()) {
                self.shared.directory.store(Arc::new(directory));
            }
            let told = desk.documents(news, &proxy.recorder, &self.shared.server, anchor);
            let ended = desk.ended(anchor);
            changed
                .into_iter()
                .chain(told)
                .chain(ended)
                .collect::<Vec<News>>()
        };
        self.pass_on(&news);
    }
}

impl Incidents {
    /// The last that is known of what goes on: the process ends.
    pub fn finish(&self, proxy: &Proxy, anchor: Anchor) {
        let news = {
            let mut desk = self.desk();
            let open = desk.book.incidents().filter(|incident| incident.is_open());
            let open: Vec<CoreNews> = open.map(|i| CoreNews::Updated(Arc::clone(&i.id))).collect();
            desk.documents(open, &proxy.recorder, &self.shared.server, anchor)
        };
        self.pass_on(&news);
    }
}

impl Followed {
    /// Maintenance is planned for some of the routes to `pool`.
    pub(super) fn is_interrupted(&self, pool: &str) -> bool {
        self.interrupted.contains_key(pool)
    }
}

impl Desk {
    fn take_in(&mut self, records: &[Arc<Record>], anchor: Anchor) {
        for record in records {
            let Some(pool) = &record.pool else { continue };
            let (id, attempts) = (&record.request_id, &record.attempts);
            let sighting = Sighting::new(id, record.at, &record.diagnosis, attempts)
                .with_passed_on(record.passed_on);
            self.book.sighted(pool, sighting, anchor.moment());
        }
    }

    /// Counts the pools in which something has just failed, and once a second all of them.
    fn count(&mut self, proxy: &Proxy, records: &[Arc<Record>], anchor: Anchor) {
        let now = anchor.tick();
        let all = now.since(self.followed.all) >= EVERY;
        let failing = records.iter().filter_map(|record| record.pool.as_ref());
        let failing: HashSet<&Arc<str>> = failing.collect();
        let pools = proxy.pools();
        if all {
            self.followed.all = now;
            self.followed
                .pools
                .retain(|name, _| pools.contains_key(name));
            self.book.forget(|name| pools.contains_key(name));
        }
        for (name, pool) in pools.iter() {
            pool.trends.take_in();
            if !all && !failing.contains(name) {
                continue;
            }
            let totals = Totals::of(pool);
            let before = self.followed.pools.insert(Arc::clone(name), totals.clone());
            // A pool that is seen for the first time may have counted for long: by another configuration.
            if let Some(before) = before {
                let counted = totals.since(&before);
                self.book.count(name, &counted, anchor.moment());
            }
        }
    }

    /// Notes what happened to circuits and routes, and which backends are of another release.
    fn watch(&mut self, proxy: &Proxy, anchor: Anchor) -> Vec<News> {
        let mut changed = Vec::new();
        for (name, pool) in proxy.pools().iter() {
            let there = |backend: &str| pool.pool.backend(backend).is_some();
            for (backend, release) in pool.releases.take(there) {
                let book = &mut self.book;
                let change = book.add_release(name, &backend, &release, anchor.moment());
                changed.push(News::Changed(tell::change(&change)));
            }
            for change in pool.circuit_untold() {
                let Some(what) = circuit(&change.why) else {
                    continue;
                };
                let at = anchor.moment().of(change.at);
                self.book.note(Some(name), EntryKind::Circuit, &what, at);
            }
        }
        let interrupted = proxy.interruptions.by_pool(anchor.tick());
        if interrupted == self.followed.interrupted {
            return changed;
        }
        let before = std::mem::replace(&mut self.followed.interrupted, interrupted);
        let after = &self.followed.interrupted;
        let names: HashSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (was, is) = (before.get(name), after.get(name));
            let what = match (was, is) {
                (None, Some(routes)) => format!("planned maintenance began ({routes} routes)"),
                (Some(_), None) => "planned maintenance ended".to_owned(),
                (was, is) if was != is => "planned maintenance holds for other routes".to_owned(),
                _ => continue,
            };
            let at = anchor.moment();
            self.book
                .note(Some(name), EntryKind::Maintenance, &what, at);
        }
        changed
    }

    /// The incidents that there is news of, as documents.
    fn documents(
        &mut self,
        news: Vec<CoreNews>,
        recorder: &Recorder,
        server: &str,
        anchor: Anchor,
    ) -> Vec<News> {
        if news.is_empty() {
            return Vec::new();
        }
        let book = &self.book;
        self.evidence.retain(|id, _| book.find(id).is_some());
        let told = news.into_iter().filter_map(|news| {
            let incident = book.find(news.id())?;
            let lead = incident.lead().map(|lead| lead.cause);
            let exemplars = incident.exemplars.iter().rev();
            let found = exemplars
                .filter_map(|id| recorder.find(id))
                .find(|record| Some(blamed(&record.diagnosis).0) == lead);
            if let Some(record) = found {
                self.evidence.insert(Arc::clone(&incident.id), record);
            }
            let evidence = self.evidence.get(&incident.id).map(|record| &**record);
            let document = tell::incident(incident, book, evidence, server, anchor);
            Some(match news {
                CoreNews::Opened(_) => News::Opened(document),
                CoreNews::Reopened(_) => News::Reopened(document),
                CoreNews::Closed(_) => News::Closed(document),
                _ => News::Updated(document),
            })
        });
        told.collect()
    }
}

// === impl Totals ===

impl Totals {
    fn of(pool: &PoolState) -> Self {
        let counters = &pool.counters;
        let by_hedges = counters.prevented_by_hedges();
        let (fallbacks, stale) = (counters.fallbacks(), counters.stale());
        Self {
            // In the order of `SAVED_BY`.
            saved: Saved([
                counters.prevented().saturating_sub(by_hedges),
                by_hedges,
                pool.breaker.waiting_room().snapshot().answered,
                fallbacks,
                stale,
                counters.failed_over(),
            ]),
            instead: fallbacks + stale,
            tally: counters.tally(),
        }
    }

    /// What came after `before`. A breaker that was made anew begins with nothing; so does its count.
    fn since(&self, before: &Self) -> Counted {
        let mut instead = self.instead.saturating_sub(before.instead);
        let more = |now: &[u64], before: &[u64], cause: Cause| {
            now[cause as usize].saturating_sub(before[cause as usize])
        };
        let mut failed = Vec::new();
        for cause in Cause::ALL.iter().copied() {
            let hard = more(&self.tally.failed, &before.tally.failed, cause);
            let soft = more(&self.tally.soft, &before.tally.soft, cause);
            // Those for which something else was given have not failed; which cause they had is not counted.
            let saved = soft.min(instead);
            instead -= saved;
            if hard + soft > saved {
                failed.push((cause, hard + soft - saved));
            }
        }
        let limited = self.tally.limited.saturating_sub(before.tally.limited);
        if limited > 0 {
            failed.push((Cause::OverloadRateLimited, limited));
        }
        let mut saved = self.saved;
        for (now, before) in saved.0.iter_mut().zip(before.saved.0) {
            *now = now.saturating_sub(before);
        }
        Counted {
            requests: self.tally.requests.saturating_sub(before.tally.requests),
            failed,
            saved,
        }
    }
}

/// A change of a circuit in words, if it is worth a line.
fn circuit(why: &TransitionReason) -> Option<String> {
    Some(match why {
        TransitionReason::Tripped(trip) => match trip.root {
            Some(root) => format!("circuit opened: {} ({root})", trip.rule),
            None => format!("circuit opened: {}", trip.rule),
        },
        TransitionReason::ForcedOpen(trip) => format!("circuit opened: {}", trip.rule),
        TransitionReason::Recovered => "circuit closed: probes succeeded".to_owned(),
        TransitionReason::Reset => "circuit reset by an operator".to_owned(),
        TransitionReason::ForcedClosed(why) => {
            format!("circuit held closed by an operator: {why}")
        }
        _ => return None,
    })
}
