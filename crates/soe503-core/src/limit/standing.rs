//! Standing in line, being let in, being sent away.

use core::time::Duration;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use smallvec::SmallVec;

use super::line::{Line, State};
use super::shared::{Shared, in_flight, pending};
use super::snapshot::Turned;
use super::{Arrival, Class, Entry, LimitReached, LimitWhy, Slot, Ticket};
use crate::Tick;
use crate::sync::{MutexGuard, Ordering};

/// Those who are to be woken once the lock is given back.
type Wakers = SmallVec<[Waker; 4]>;

impl Shared {
    pub(super) fn stand_in_line(self: &Arc<Self>, now: Tick, arrival: Arrival) -> Entry {
        let Arrival { class, deadline } = arrival;
        let most = self.max_waiting.load(Ordering::Relaxed);
        if most == 0 {
            return Entry::Refused(self.turned_away(Turned::AtOnce, class, Duration::ZERO));
        }
        let typical = Duration::from_nanos(self.typical.load(Ordering::Relaxed));
        let cut = deadline.map(|deadline| deadline.before(typical));
        if cut.is_some_and(|cut| cut <= now) {
            return Entry::Refused(self.turned_away(Turned::TooLate, class, Duration::ZERO));
        }
        let mut wakers = Wakers::new();
        let mut line = self.line();
        line.came(now, f64::from(self.rate.load(Ordering::Relaxed)));
        if line.waiting() >= most {
            let lower = Class::ALL.into_iter().take_while(|lower| *lower < class);
            let evicted = lower.into_iter().find_map(|lower| line.evict(lower));
            let Some(waker) = evicted else {
                line.note_refused(class);
                drop(line);
                return Entry::Refused(self.turned_away(Turned::LineFull, class, Duration::ZERO));
            };
            wakers.extend(waker);
        }
        let place = line.join(class, now);
        self.trim(&mut line, &mut wakers);
        self.publish(&line);
        self.grant(&mut line, &mut wakers);
        let state = core::mem::discriminant(line.look(place, |_| {}));
        let (granted, evicted) = (
            state == core::mem::discriminant(&State::Granted),
            state == core::mem::discriminant(&State::Evicted),
        );
        if granted || evicted {
            line.leave(place);
        }
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
        if granted {
            return Entry::Admitted(Slot::new(Arc::clone(self), now));
        }
        if evicted {
            return Entry::Refused(self.turned_away(Turned::LineFull, class, Duration::ZERO));
        }
        Entry::Waits(Ticket {
            shared: Arc::clone(self),
            place: Some(place),
            class,
            since: now,
            cut,
        })
    }

    /// Lets those in who wait, if anybody does.
    pub(super) fn serve_any(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.serve();
        }
    }

    #[cold]
    pub(super) fn serve(&self) {
        let mut wakers = Wakers::new();
        let mut line = self.line();
        self.trim(&mut line, &mut wakers);
        self.grant(&mut line, &mut wakers);
        self.publish(&line);
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn grant(&self, line: &mut Line<Waker>, wakers: &mut Wakers) {
        while line.waiting() > 0 && self.take() {
            self.waited.fetch_add(1, Ordering::Relaxed);
            wakers.extend(line.grant(2 * self.max_wait()).flatten());
        }
        self.publish(line);
    }

    /// Sends away who would not be served in time: less important ones sooner.
    fn trim(&self, line: &mut Line<Waker>, wakers: &mut Wakers) {
        let bound = self.line_bound.load(Ordering::Relaxed);
        if bound == u32::MAX {
            return;
        }
        let rate = f64::from(self.rate.load(Ordering::Relaxed));
        self.rushed.store(line.rushed(rate), Ordering::Relaxed);
        // When the rush is over, whoever waits will be served.
        if !line.crowded(rate) {
            return;
        }
        for (class, bound) in Class::ALL.into_iter().zip([bound / 4, bound / 2, bound]) {
            while line.waiting() > bound.max(1)
                && let Some(waker) = line.evict(class)
            {
                wakers.extend(waker);
            }
        }
    }

    fn publish(&self, line: &Line<Waker>) {
        self.waiting.store(line.waiting(), Ordering::SeqCst);
    }

    /// Whether the one at `place` has a slot, or was sent away; `waker` is kept otherwise.
    pub(super) fn standing(&self, place: u32, waker: &Waker) -> (bool, bool) {
        let mut line = self.line();
        let state = line.look(place, |old| match old {
            Some(old) => old.clone_from(waker),
            None => *old = Some(waker.clone()),
        });
        (
            matches!(state, State::Granted),
            matches!(state, State::Evicted),
        )
    }

    pub(super) fn leave(&self, place: u32) -> State<Waker> {
        let mut line = self.line();
        let state = line.leave(place);
        self.publish(&line);
        state
    }

    pub(super) fn turned_away(&self, why: Turned, class: Class, waited: Duration) -> LimitReached {
        self.shed[class.index()].fetch_add(1, Ordering::Relaxed);
        let load = self.load.load(Ordering::Relaxed);
        let (limit, by) = self.in_force();
        LimitReached {
            name: Arc::clone(&self.name),
            why,
            limit,
            in_use: if by == LimitWhy::Fixed {
                in_flight(load)
            } else {
                pending(load)
            },
            waiting: self.waiting.load(Ordering::Relaxed),
            waited,
            class,
            typical: Duration::from_nanos(self.typical.load(Ordering::Relaxed)),
        }
    }

    pub(super) fn line(&self) -> MutexGuard<'_, Line<Waker>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
