//! All incidents, and what they are made from.

mod conditions;
mod courses;
mod resume;
mod spot;
mod turn;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use self::spot::{Spot, push};
use super::directory::Lately;
use super::history::Failed;
use super::{
    Counted, Entry, EntryKind, Ids, Incident, Moment, News, Place, Remembered, Sighting, Verified,
    counts,
};
use crate::Tick;
use crate::cause::Cause;
use crate::change::{Added, Change, Log};

/// Fewer failures are no incident.
pub const LEAST_FAILURES: u64 = 5;

const MOST_RECENT: usize = 32;
const MOST_SIGHTED: usize = 32;

/// How incidents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long there must be no failure worth mentioning before an incident is closed. Default 30 s.
    pub close_after: Duration,
    /// How long a backend must be out of rotation, for a proven reason, before that is an incident though the others do
    /// its work; `None`: it never is. Default 2 min.
    pub out_after: Option<Duration>,
}

/// All incidents, the changes, and what both are made from. Deterministic: the same calls give the same book.
#[derive(Clone, Debug)]
pub struct Book {
    settings: Settings,
    ids: Ids,
    changes: Log,
    spots: BTreeMap<Place, Spot>,
    /// Oldest first.
    incidents: VecDeque<Incident>,
    /// Those that were open when an earlier process ended.
    interrupted: Vec<Remembered>,
    /// Until when it is waited for those.
    waits_until: Option<Tick>,
    /// What concerned all places lately.
    everywhere: VecDeque<Entry>,
    opened: BTreeMap<Cause, u64>,
    news: Vec<News>,
    /// The directory is out of date.
    changed: bool,
    /// What it says of failures that are no incident.
    lately: Vec<Lately>,
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            close_after: Duration::from_secs(30),
            out_after: Some(Duration::from_secs(120)),
        }
    }
}

// === impl Book ===

impl Book {
    /// An empty book that begins `now`.
    pub fn new(settings: Settings, now: Moment) -> Self {
        Self {
            settings,
            ids: Ids::default(),
            changes: Log::new(now.unix_ms),
            spots: BTreeMap::new(),
            incidents: VecDeque::new(),
            interrupted: Vec::new(),
            waits_until: None,
            everywhere: VecDeque::new(),
            opened: BTreeMap::new(),
            news: Vec::new(),
            changed: false,
            lately: Vec::new(),
        }
    }

    /// How incidents are kept.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// From now on incidents are kept like this.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// A request of `pool` has failed and was explained.
    pub fn sighted(&mut self, pool: &Arc<str>, sighting: Sighting, now: Moment) {
        if !counts(sighting.primary) || !counts(sighting.cause) {
            return;
        }
        let place = Place::of(pool, sighting.cause);
        // Counts come by pool: there it is looked up what stands behind them.
        let spot = self.spot(&Place::Pool(Arc::clone(pool)));
        spot.learn(sighting.primary, sighting.cause);
        if sighting.passed_on {
            spot.learn(Cause::DependencyUpstreamError, sighting.cause);
        }
        let spot = self.spot(&place);
        spot.history.sighted(sighting.at);
        let at = now.of(sighting.at);
        let taker = self.taker(&place, sighting.cause, sighting.at);
        if let Some(index) = taker.or_else(|| self.resume(&place, sighting.cause, now)) {
            self.changed |= !self.incidents[index].has(sighting.cause);
            self.incidents[index].sighted(&sighting, at);
            return;
        }
        let spot = self.spot(&place);
        push(&mut spot.sighted, sighting, MOST_SIGHTED);
    }

    /// What `pool` has counted since the last call.
    pub fn count(&mut self, pool: &Arc<str>, counted: &Counted, now: Moment) {
        let own = Place::Pool(Arc::clone(pool));
        let mut by_place: [(Place, Vec<Failed>); 2] =
            [(own, Vec::new()), (Place::Proxy, Vec::new())];
        let (mut bad, mut refused) = (0, Vec::new());
        for (primary, count) in counted.failed.iter().copied() {
            bad += count;
            if count == 0 {
                continue;
            }
            if !counts(primary) {
                refused.push(Failed {
                    cause: primary,
                    primary,
                    count,
                    taken: false,
                });
                continue;
            }
            let cause = self.spot(&by_place[0].0).behind(primary);
            let to = usize::from(Place::of(pool, cause) == Place::Proxy);
            by_place[to].1.push(Failed {
                cause,
                primary,
                count,
                taken: false,
            });
        }
        let spot = self.spot(&by_place[0].0);
        if !refused.is_empty() || spot.refused.is_any() {
            spot.refused.count(counted, &refused, now.tick);
            spot.failing |= !refused.is_empty();
        }
        let good = counted.requests > bad;
        for (place, mut failed) in by_place {
            for more in &mut failed {
                let taker = self.taker(&place, more.cause, now.tick);
                if let Some(index) = taker.or_else(|| self.resume(&place, more.cause, now)) {
                    more.taken = true;
                    // Its numbers have, at least.
                    self.changed = true;
                    self.incidents[index].count(more, now);
                }
            }
            self.count_at(&place, counted, &failed, good, now);
        }
    }

    /// Forgets what was counted of pools that are not `there` any more. Their incidents stay.
    pub fn forget(&mut self, there: impl Fn(&str) -> bool) {
        self.spots
            .retain(|place, _| place.pool().is_none_or(|pool| there(pool)));
    }

    /// Something happened to `pool`, or to everything.
    pub fn note(&mut self, pool: Option<&Arc<str>>, kind: EntryKind, what: &str, at: Moment) {
        let entry = Entry::new(at.unix_ms, kind, what);
        let place = pool.map(|pool| Place::Pool(Arc::clone(pool)));
        let concerned = |incident: &&mut Incident| {
            incident.is_open() && place.as_ref().is_none_or(|p| *p == incident.place)
        };
        for incident in self.incidents.iter_mut().filter(concerned) {
            incident.note(entry.clone());
        }
        let recent = match &place {
            Some(place) => &mut self.spot(place).recent,
            None => &mut self.everywhere,
        };
        push(recent, entry, MOST_RECENT);
    }

    /// A request of the incident called `id` was asked again; `what` was asked and answered. `None`: there is no such
    /// incident. It stays open or closed: what clients meet decides that.
    pub fn verified(&mut self, id: &str, verified: Verified, what: &str) -> Option<&Incident> {
        let incident = self.incidents.iter_mut().find(|one| *one.id == *id)?;
        let news = incident.news;
        incident.note(verified.entry(what));
        // Who says so tells it at once.
        incident.news = news;
        incident.verified = Some(verified);
        Some(incident)
    }

    /// Adds a change that somebody reported, or that was ours. Open incidents are looked at again.
    pub fn add_change(&mut self, change: Change) -> Added {
        let added = self.changes.add(change);
        self.relate();
        added
    }

    /// Takes in changes that were known before this book began. Those that it knows already stay as they are.
    pub fn recall(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.changes.add(change);
        }
        self.relate();
    }

    /// A backend of `pool` is of another release than before.
    pub fn add_release(
        &mut self,
        pool: &Arc<str>,
        backend: &Arc<str>,
        version: &Arc<str>,
        now: Moment,
    ) -> Arc<Change> {
        let id = self.ids.next(now.unix_ms);
        let log = &mut self.changes;
        let change = log.release(&id, pool, backend, version, now.unix_ms);
        self.relate();
        change
    }

    /// An identifier for a change.
    pub fn next_id(&mut self, now: Moment) -> Arc<str> {
        self.ids.next(now.unix_ms)
    }

    /// Opens what has surged, closes what is over, and says what is new. Call it a few times a second.
    pub fn turn(&mut self, now: Moment) -> Vec<News> {
        // What has surged is opened as soon as it is known what was open before.
        let waits = self.waits_until.is_some_and(|until| now.tick < until);
        let fresh = self.spots.iter_mut();
        let fresh = fresh.filter(|(_, spot)| spot.fresh && !waits);
        let fresh: Vec<Place> = fresh
            .map(|(place, spot)| {
                spot.fresh = false;
                place.clone()
            })
            .collect();
        for place in fresh {
            self.look(&place, now);
        }
        self.close(now);
        self.tell(now);
        self.prune();
        std::mem::take(&mut self.news)
    }

    /// All incidents, oldest first.
    pub fn incidents(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.incidents.iter()
    }

    /// The incident with this id.
    pub fn find(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|incident| *incident.id == *id)
    }

    /// The incident that a failure of `pool` with this cause at `at` belongs to, be it closed by now.
    pub fn find_by(&self, pool: &Arc<str>, cause: Cause, at: Tick) -> Option<&Incident> {
        let place = Place::of(pool, cause);
        let slack = Duration::from_secs(1);
        let fits = |incident: &&Incident| {
            incident.place == place
                && incident.has(cause)
                && at.after(slack) >= incident.onset.tick
                && (incident.is_open() || at <= incident.last.tick.after(slack))
        };
        self.incidents.iter().rev().find(fits)
    }

    /// The changes.
    pub const fn changes(&self) -> &Log {
        &self.changes
    }

    /// How many incidents were opened so far, by the cause that led then.
    pub fn opened(&self) -> impl Iterator<Item = (Cause, u64)> {
        self.opened.iter().map(|(cause, count)| (*cause, *count))
    }

    fn spot(&mut self, place: &Place) -> &mut Spot {
        if !self.spots.contains_key(place) {
            self.spots.insert(place.clone(), Spot::default());
        }
        self.spots.get_mut(place).expect("it was put in")
    }

    /// The open incident that a failure in `place` with `cause` belongs to.
    fn taker(&self, place: &Place, cause: Cause, at: Tick) -> Option<usize> {
        let here = || {
            let all = self.incidents.iter().enumerate().rev();
            all.filter(|(_, incident)| incident.is_open() && incident.place == *place)
        };
        let same = here().find(|(_, incident)| incident.has(cause));
        let joins = || here().find(|(_, incident)| at <= incident.joins_until());
        same.or_else(joins).map(|(index, _)| index)
    }

    fn count_at(
        &mut self,
        place: &Place,
        counted: &Counted,
        failed: &[Failed],
        good: bool,
        now: Moment,
    ) {
        let spot = self.spot(place);
        spot.history.count(counted, failed, now.tick);
        spot.fresh |= !failed.is_empty();
        spot.failing |= !failed.is_empty();
        if good {
            spot.last_good = Some(now.tick);
        }
        if let Some(step) = spot.load.look(&spot.history, now.tick) {
            self.note(place.pool(), EntryKind::Load, &step, now);
        }
        let Some(spot) = self.spots.get_mut(place) else {
            return;
        };
        let usual = spot.history.usual();
        let mut first = true;
        let here = self.incidents.iter_mut();
        for incident in here.filter(|i| i.is_open() && i.place == *place) {
            incident.requests += counted.requests;
            // Who is saved is saved once.
            if std::mem::take(&mut first) && place.pool().is_some() {
                incident.saved.add(&counted.saved);
            }
            if incident.failed_at == now.tick {
                let of = |cause| incident.has(cause);
                let (bad, all) = spot.history.lately(now.tick, of);
                if bad as f64 >= 2.0 * usual * all as f64 {
                    incident.last_bad = now.tick;
                }
                spot.history
                    .set_unusual(incident.onset.tick, incident.last.tick);
            }
        }
    }
}
