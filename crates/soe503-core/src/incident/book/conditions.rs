//! Incidents of conditions: nothing fails, and somebody has to do something.

use core::time::Duration;
use std::sync::Arc;

use super::Book;
use crate::Tick;
use crate::incident::condition::Condition;
use crate::incident::record::{Incident, MOST_OPEN, REOPEN, State};
use crate::incident::{Entry, EntryKind, Moment, News, Place};

/// It must hold without a gap for so long, whatever else: what shows for a moment is no condition.
const STEADY: Duration = Duration::from_secs(2);
/// Of the open incidents as many may be of conditions alone: failures of requests are to find a place.
const MOST_ALONE: usize = MOST_OPEN / 2;

/// A condition of a pool that holds.
#[derive(Clone, Debug)]
pub(super) struct Held {
    condition: Condition,
    /// Since when there has been enough to begin.
    begins: Option<Tick>,
}

// === impl Book ===

impl Book {
    /// The state of `pool` shows these conditions, and no others. Call it about once a second.
    pub fn observe(&mut self, pool: &Arc<str>, conditions: Vec<Condition>, now: Moment) {
        let place = Place::Pool(Arc::clone(pool));
        let known = self.spots.get(&place);
        if conditions.is_empty() && known.is_none_or(|spot| spot.held.is_empty()) {
            return;
        }
        let spot = self.spot(&place);
        let before = std::mem::take(&mut spot.held);
        let held = conditions.into_iter().map(|condition| {
            let known = before.iter().find(|h| h.condition.cause == condition.cause);
            let since = known.and_then(|held| held.begins).unwrap_or(now.tick);
            Held {
                begins: condition.begins.then_some(since),
                condition,
            }
        });
        let held: Vec<Held> = held.collect();
        spot.held.clone_from(&held);
        for one in held {
            self.hold(&place, one, now);
        }
    }

    /// Puts the condition into its incident, or opens one if it has lasted.
    fn hold(&mut self, place: &Place, held: Held, now: Moment) {
        let Held { condition, begins } = held;
        let cause = condition.cause;
        let here = |incident: &&Incident| incident.place == *place && incident.has(cause);
        let open = |incident: &&Incident| incident.is_open() && here(incident);
        let lasts = begins.is_some_and(|since| {
            now.tick.since(since) >= STEADY && now.tick.since(condition.since) >= condition.settle
        });
        if let Some(id) = self
            .incidents
            .iter()
            .rev()
            .find(open)
            .map(|i| Arc::clone(&i.id))
        {
            let incident = self.incident_mut(&id);
            // What goes on for other reasons is joined by what has lasted.
            if let Some(incident) = incident
                && (lasts || incident.condition.is_some())
            {
                incident.holds(condition, now);
            }
            return;
        }
        if let Some(index) = self.resume(place, cause, now) {
            self.incidents[index].holds(condition, now);
        } else if lasts {
            self.begin_condition(place, condition, now);
        }
    }

    fn begin_condition(&mut self, place: &Place, condition: Condition, now: Moment) {
        let cause = condition.cause;
        let relapse = |incident: &&mut Incident| {
            let closed = incident.closed.map(|closed| closed.tick.after(REOPEN));
            incident.place == *place
                && incident.has(cause)
                && closed.is_some_and(|until| now.tick <= until)
        };
        if let Some(incident) = self.incidents.iter_mut().rev().find(relapse) {
            incident.closed = None;
            incident.state = State::Open;
            incident.reopened += 1;
            incident.verified = None;
            let what = format!("it has come back: {}", condition.what);
            incident.note(Entry::new(now.unix_ms, EntryKind::Reopened, &what));
            incident.holds(condition, now);
            incident.news = false;
            incident.told = now.tick;
            self.changed = true;
            self.news.push(News::Reopened(Arc::clone(&incident.id)));
            return;
        }
        let open = self.incidents.iter().filter(|i| i.is_open());
        let (all, alone) = open.fold((0, 0), |(all, alone), incident| {
            (all + 1, alone + usize::from(incident.alone))
        });
        if all >= MOST_OPEN || alone >= MOST_ALONE {
            return;
        }
        let onset = now.of(condition.since);
        let id = self.ids.next(now.unix_ms);
        let mut incident = Incident::open(id, place.clone(), onset, now);
        incident.alone = true;
        let began = format!("it began: {}", condition.what);
        let grade = condition.grade;
        // Since then, and not only since it was noticed.
        incident.tally(cause, grade, onset);
        incident.holds(condition, now);
        incident.note(Entry::new(onset.unix_ms, EntryKind::Onset, &began));
        self.incidents.push_back(incident);
        let index = self.incidents.len() - 1;
        self.look_back(index, onset);
        let extent = self.incidents[index].extent();
        let opened = format!(
            "incident opened, though no request fails: {cause} ({}), {extent}",
            grade.word()
        );
        self.incidents[index].note(Entry::new(now.unix_ms, EntryKind::Opened, &opened));
        self.started(index, cause, now);
    }

    fn incident_mut(&mut self, id: &str) -> Option<&mut Incident> {
        self.incidents.iter_mut().find(|one| *one.id == *id)
    }
}

// === impl Incident ===

impl Incident {
    /// The condition holds `now`.
    fn holds(&mut self, condition: Condition, now: Moment) {
        if let Some(tally) = self.tally(condition.cause, condition.grade, now) {
            tally.grade = tally.grade.max(condition.grade);
            tally.last = now;
        }
        (self.last, self.last_bad, self.held_at) = (now, now.tick, now.tick);
        // What requests saw of it reaches as far as it did.
        if condition.level > self.level {
            self.level = condition.level;
        }
        self.backends_total = condition.backends_total.or(self.backends_total);
        self.backends_affected = self.backends_affected.max(condition.backends_affected);
        self.concern(&condition.backends);
        let news = self
            .condition
            .as_ref()
            .is_none_or(|known| known.says_less(&condition));
        self.news |= news;
        self.condition = Some(condition);
    }
}

// === impl Condition ===

impl Condition {
    /// `next` tells something that this does not: not just higher numbers.
    fn says_less(&self, next: &Self) -> bool {
        self.grade != next.grade
            || self.quick != next.quick
            || self.backends_affected != next.backends_affected
            || self.evidence.len() != next.evidence.len()
    }
}
