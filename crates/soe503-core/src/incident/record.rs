//! One incident.

use core::time::Duration;
use std::sync::Arc;

use super::condition::Condition;
use super::history::Failed;
use super::timeline::{Entry, EntryKind, Timeline};
use super::{Moment, Place, Saved, Sighting, Verified};
use crate::Tick;
use crate::cause::Cause;
use crate::change::{Links, Onset};
use crate::diagnosis::{Grade, Level, alone};

/// So long after it was opened an incident takes in every cause in its place: one fault shows several faces.
pub const JOIN: Duration = Duration::from_secs(60);
/// A relapse so soon after an incident was closed is the same incident.
pub const REOPEN: Duration = Duration::from_secs(300);
/// As many are open at most.
pub const MOST_OPEN: usize = 32;
/// As many are kept, open or closed; the oldest closed ones go first.
pub const MOST_KEPT: usize = 128;

const MOST_CAUSES: usize = 8;
const MOST_BACKENDS: usize = 16;
const MOST_EXEMPLARS: usize = 8;
/// Of the exemplars the first so many stay; the others are the latest.
const FIRST_EXEMPLARS: usize = 4;

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It goes on.
    Open,
    /// It is over.
    Closed,
}

/// One cause of an incident.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CauseTally {
    /// The cause.
    pub cause: Cause,
    /// How sure that is: the best that was seen.
    pub grade: Grade,
    /// Failed requests.
    pub failed: u64,
    /// When it was seen first.
    pub first: Moment,
    /// When it was seen last.
    pub last: Moment,
}

/// An incident.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Incident {
    /// Its identifier.
    pub id: Arc<str>,
    /// What is broken.
    pub place: Place,
    /// Whether it goes on.
    pub state: State,
    /// Its causes, the leading one first.
    pub causes: Vec<CauseTally>,
    /// What clients were told, with how many of them.
    pub symptoms: Vec<(Cause, u64)>,
    /// How far it reaches: the widest that was seen.
    pub level: Level,
    /// Backends of the pool, if known.
    pub backends_total: Option<usize>,
    /// The most of them that were concerned at a time.
    pub backends_affected: Option<usize>,
    /// Backends at which requests failed, at most 16.
    pub backends: Vec<Arc<str>>,
    /// Its first failure.
    pub onset: Moment,
    /// When it was opened.
    pub opened: Moment,
    /// Its last failure.
    pub last: Moment,
    /// When it was closed.
    pub closed: Option<Moment>,
    /// How often it came back.
    pub reopened: u32,
    /// Requests that failed.
    pub failed: u64,
    /// Requests of the place meanwhile.
    pub requests: u64,
    /// Requests that were saved meanwhile.
    pub saved: Saved,
    /// Some of the requests that failed: the first and the latest, at most 8.
    pub exemplars: Vec<Arc<str>>,
    /// What happened.
    pub timeline: Timeline,
    /// The changes around its onset.
    pub changes: Links,
    /// When one of its requests was asked again the last time, if that was after it came back.
    pub verified: Option<Verified>,
    /// What is wrong though requests are answered, as it was last seen.
    pub condition: Option<Condition>,
    /// It was opened for its condition, without a failure: of failures only those with its cause belong to it.
    pub(super) alone: bool,
    /// When its condition was last seen.
    pub(super) held_at: Tick,
    /// When a failure of it was last counted.
    pub(super) failed_at: Tick,
    /// The last moment at which it was worth mentioning.
    pub(super) last_bad: Tick,
    /// Something to tell has happened since it was last told.
    pub(super) news: bool,
    /// When it was last told.
    pub(super) told: Tick,
}

// === impl CauseTally ===

impl CauseTally {
    /// `failed` requests of this cause.
    pub const fn new(cause: Cause, grade: Grade, failed: u64, first: Moment, last: Moment) -> Self {
        Self {
            cause,
            grade,
            failed,
            first,
            last,
        }
    }
}

// === impl Incident ===

impl Incident {
    /// One that begins at `onset`.
    pub(super) fn open(id: Arc<str>, place: Place, onset: Moment, now: Moment) -> Self {
        Self {
            id,
            place,
            state: State::Open,
            causes: Vec::new(),
            symptoms: Vec::new(),
            level: Level::Request,
            backends_total: None,
            backends_affected: None,
            backends: Vec::new(),
            onset,
            opened: now,
            last: now,
            closed: None,
            reopened: 0,
            failed: 0,
            requests: 0,
            saved: Saved::default(),
            exemplars: Vec::new(),
            timeline: Timeline::default(),
            changes: Links::default(),
            verified: None,
            condition: None,
            alone: false,
            held_at: Tick::ZERO,
            failed_at: Tick::ZERO,
            last_bad: now.tick,
            news: false,
            told: now.tick,
        }
    }

    /// It goes on.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The cause that most of the failures have.
    pub fn lead(&self) -> Option<&CauseTally> {
        self.causes.first()
    }

    /// It has failures with this cause.
    pub fn has(&self, cause: Cause) -> bool {
        self.causes.iter().any(|tally| tally.cause == cause)
    }

    /// Until when other causes join it.
    pub(super) fn joins_until(&self) -> Tick {
        match self.alone {
            true => self.opened.tick,
            false => self.opened.tick.after(JOIN),
        }
    }

    /// Failures that were counted.
    pub(super) fn count(&mut self, failed: &Failed, now: Moment) {
        self.failed += failed.count;
        self.last = now;
        self.failed_at = now.tick;
        if let Some(known) = self.symptoms.iter_mut().find(|s| s.0 == failed.primary) {
            known.1 += failed.count;
        } else if self.symptoms.len() < MOST_CAUSES {
            self.symptoms.push((failed.primary, failed.count));
        }
        if let Some(tally) = self.tally(failed.cause, alone(failed.cause), now) {
            tally.failed += failed.count;
            tally.last = now;
        }
    }

    /// A failure that was explained. It is counted elsewhere.
    pub(super) fn sighted(&mut self, sighting: &Sighting, at: Moment) {
        if let Some(tally) = self.tally(sighting.cause, sighting.grade, at) {
            tally.grade = tally.grade.max(sighting.grade);
        }
        if sighting.level > self.level {
            self.level = sighting.level;
            self.widened(at);
        }
        self.backends_total = sighting.backends_total.or(self.backends_total);
        self.backends_affected = self.backends_affected.max(sighting.backends_affected);
        self.concern(&sighting.backends);
        if !self.exemplars.contains(&sighting.request_id) {
            if self.exemplars.len() == MOST_EXEMPLARS {
                self.exemplars.remove(FIRST_EXEMPLARS);
            }
            self.exemplars.push(Arc::clone(&sighting.request_id));
        }
    }

    /// Puts the cause with most of the failures first. One that leads is displaced only by one that is ahead by a
    /// tenth, so that two that are equal do not take turns.
    pub(super) fn rank(&mut self, now: Moment) {
        let Some(lead) = self.causes.first().map(|tally| tally.cause) else {
            return;
        };
        let weight = |tally: &CauseTally| match tally.cause == lead {
            true => tally.failed + tally.failed / 10,
            false => tally.failed,
        };
        // A stable sort: of equals the one that was there first.
        self.causes
            .sort_by_key(|tally| core::cmp::Reverse(weight(tally)));
        let first = self.causes[0];
        if first.cause != lead && !self.timeline.entries().is_empty() {
            let share = percent(first.failed, self.failed);
            let what = format!("most failures are now {} ({share})", first.cause);
            self.note(Entry::new(now.unix_ms, EntryKind::Cause, &what));
        }
    }

    /// It concerns these backends as well.
    pub(super) fn concern(&mut self, backends: &[Arc<str>]) {
        for backend in backends {
            if self.backends.len() < MOST_BACKENDS && !self.backends.contains(backend) {
                self.backends.push(Arc::clone(backend));
            }
        }
    }

    /// Adds a line to the timeline, with the numbers of this moment unless it lies before the onset.
    pub(super) fn note(&mut self, mut entry: Entry) {
        if self.timeline.has(&entry) {
            return;
        }
        if entry.at_ms > self.onset.unix_ms {
            entry.failed = self.failed;
            entry.saved = self.saved.total();
        }
        self.timeline.add(entry);
        self.news = true;
    }

    /// What fails, as far as changes care.
    pub(super) fn as_onset(&self) -> Onset<'_> {
        Onset {
            at_ms: self.onset.unix_ms,
            pool: self.place.pool().map(|pool| &**pool),
            backends: &self.backends,
            backends_total: self.backends_total,
            whole: self.level >= Level::Pool,
        }
    }

    /// Where it is, in words: `pool cart, 3/3 backends`.
    pub fn extent(&self) -> String {
        let place = match self.level {
            Level::Backend if self.backends.len() == 1 => {
                format!("backend {} of {}", self.backends[0], self.place)
            }
            _ => self.place.to_string(),
        };
        match (self.backends_affected, self.backends_total) {
            (Some(affected), Some(total)) if total > 0 => {
                format!("{place}, {affected}/{total} backends")
            }
            _ => place,
        }
    }

    fn widened(&mut self, at: Moment) {
        // What was wide from the beginning is no news.
        if self.timeline.entries().is_empty() {
            return;
        }
        let what = format!("the failures reach further: {}", self.extent());
        self.note(Entry::new(at.unix_ms, EntryKind::Scope, &what));
    }

    pub(super) fn tally(
        &mut self,
        cause: Cause,
        grade: Grade,
        at: Moment,
    ) -> Option<&mut CauseTally> {
        if let Some(index) = self.causes.iter().position(|tally| tally.cause == cause) {
            return self.causes.get_mut(index);
        }
        if self.causes.len() == MOST_CAUSES {
            return None;
        }
        self.causes.push(CauseTally {
            cause,
            grade,
            failed: 0,
            first: at,
            last: at,
        });
        self.causes.last_mut()
    }
}

// === impl State ===

impl State {
    /// `open` or `closed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// `part` of `whole` in whole percents.
fn percent(part: u64, whole: u64) -> String {
    let share = (part * 100).checked_div(whole).unwrap_or(0);
    format!("{share} % of them")
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
