//! A place in line for a backend with room.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::task::Waker;

use super::affinity::Ask;
use super::backend::NO_LIMIT;
use super::census::Admit;
use super::handle::{Pool, Shared};
use super::lease::Lease;
use super::queue::Standing;
use super::refusal::{Full, NoBackend};
use crate::Tick;
use crate::limit::{Class, Turned};

/// A place in line for a backend with room. Dropping it gives it up, and passes on what it was called for.
#[must_use = "dropping the turn leaves the line"]
pub struct Turn<S> {
    shared: Arc<Shared<S>>,
    /// `None`: left.
    place: Option<u32>,
    class: Class,
    since: Tick,
    /// When waiting any longer is useless, because the request's deadline comes before an answer.
    cut: Option<Tick>,
    /// When to look for room without having been called.
    look_at: Tick,
}

/// One who waits looks for itself so often: not all room that comes about calls somebody.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So many backends are looked at where all are meant.
const SOME: usize = 64;

// === impl Pool ===

impl<S> Pool<S> {
    /// A place in line for a request that was refused because all backends are full
    /// ([`NoBackend::full`](field@NoBackend::full)), if there is one and its `deadline` permits. Backends are as fast as
    /// [`Self::typical_latency`].
    ///
    /// # Errors
    /// [`NoBackend`], with [`NoBackend::full`](field@NoBackend::full).
    pub fn line_up(
        &self,
        class: Class,
        deadline: Option<Tick>,
        now: Tick,
    ) -> Result<Turn<S>, NoBackend> {
        let shared = &self.shared;
        let (most, max_wait) = {
            let config = shared.config.load();
            (config.max_waiting, config.max_wait)
        };
        let refused = |why| {
            shared.queue.refused.fetch_add(1, Ordering::Relaxed);
            shared.full_for(why, class, Duration::ZERO)
        };
        if most == 0 {
            return Err(refused(Turned::AtOnce));
        }
        let typical = self.typical_latency().unwrap_or_default();
        let cut = deadline.map(|deadline| deadline.before(typical));
        if cut.is_some_and(|cut| cut <= now) {
            return Err(refused(Turned::TooLate));
        }
        let Some(place) = shared.queue.join(class, most, now) else {
            return Err(refused(Turned::LineFull));
        };
        // What became free between the refusal and this has called nobody.
        shared.call_if_room(max_wait);
        Ok(Turn {
            shared: Arc::clone(shared),
            place: Some(place),
            class,
            since: now,
            cut,
            look_at: now.after(LOOK_EVERY),
        })
    }

    /// How many requests wait for a backend with room.
    pub fn waiting(&self) -> u32 {
        self.shared.queue.waiting()
    }

    /// How many have waited for one and got it, and how many have not or could not wait, ever.
    pub fn waited(&self) -> (u64, u64) {
        let queue = &self.shared.queue;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&queue.served), read(&queue.refused))
    }
}

// === impl Turn ===

impl<S> Turn<S> {
    /// A backend for the request that `ask` describes, once there is room. `None`: not yet, and `waker` is
    /// woken when that may change; ask again at [`Self::ask_again`] by yourself.
    ///
    /// # Errors
    /// [`NoBackend`] when there will be none in time, or when none can be used any more. The turn is used up
    /// by either.
    pub fn poll(
        &mut self,
        ask: &Ask<'_>,
        rng: &mut fastrand::Rng,
        waker: &Waker,
    ) -> Option<Result<Lease<S>, NoBackend>> {
        let (place, now) = (self.place?, ask.now);
        let shared = &self.shared;
        let mut standing = shared.queue.standing(place, waker);
        let looks = standing == Standing::Waits && now >= self.look_at;
        if standing == Standing::Called || looks {
            self.look_at = now.after(LOOK_EVERY);
            match self.pick(ask, rng) {
                Err(none) if none.full.is_some() => {}
                result => return Some(self.over(result)),
            }
            if standing == Standing::Called {
                shared.queue.put_back(place, waker);
                standing = Standing::Waits;
                // What became free since the pick has called nobody if nobody else waits. A call of
                // itself would have it look for ever where room is seen that it may not use.
                match self.pick(ask, rng) {
                    Err(none) if none.full.is_some() => {}
                    result => return Some(self.over(result)),
                }
            }
        }
        let why = match standing {
            Standing::Evicted => Turned::LineFull,
            _ if now >= self.due() => Turned::TooLate,
            _ => return None,
        };
        let waited = now.since(self.since);
        let full = shared.full_for(why, self.class, waited);
        Some(self.over(Err(full)))
    }

    /// When the request is turned away if nothing happens.
    pub fn due(&self) -> Tick {
        let aged = self.since.after(self.shared.config.load().max_wait);
        self.cut.map_or(aged, |cut| cut.min(aged))
    }

    /// When to ask again at the latest.
    pub fn ask_again(&self) -> Tick {
        self.due().min(self.look_at)
    }

    fn pick(&self, ask: &Ask<'_>, rng: &mut fastrand::Rng) -> Result<Lease<S>, NoBackend> {
        let pool = Pool {
            shared: Arc::clone(&self.shared),
        };
        let called = Ask {
            called: true,
            ..*ask
        };
        pool.pick_for(&called, rng)
    }

    /// Leaves the line with `result`.
    fn over(&mut self, result: Result<Lease<S>, NoBackend>) -> Result<Lease<S>, NoBackend> {
        let queue = &self.shared.queue;
        match &result {
            Ok(_) => queue.served.fetch_add(1, Ordering::Relaxed),
            Err(_) => queue.refused.fetch_add(1, Ordering::Relaxed),
        };
        self.leave();
        result
    }

    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            self.shared.queue.leave(place);
            // Whatever it was called for, or has seen, is for the next.
            self.shared.call_if_room(self.shared.config.load().max_wait);
        }
    }
}

impl<S> Drop for Turn<S> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<S> fmt::Debug for Turn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("pool", &self.shared.name)
            .field("place", &self.place)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

// === impl Shared ===

impl<S> Shared<S> {
    /// The refusal of a request that finds all backends full.
    pub(super) fn full(&self) -> NoBackend {
        self.full_for(Turned::AtOnce, Class::Normal, Duration::ZERO)
    }

    fn full_for(&self, why: Turned, class: Class, waited: Duration) -> NoBackend {
        let members = self.members.load();
        let admit = members.whole.roster.admit().unwrap_or(Admit::Rotation);
        let range = members.whole.roster.range(admit);
        let (backends, some) = (range.len(), range.len().min(SOME));
        let looked_at = members.at(&members.whole, range.start..range.start + some);
        let (limit, in_flight) = looked_at.filter(|backend| backend.limit != NO_LIMIT).fold(
            (0, 0),
            |(limit, in_flight), backend| {
                (
                    limit + u64::from(backend.limit),
                    in_flight + u64::from(backend.in_flight()),
                )
            },
        );
        // Of many, as if the others were like those.
        let of_all = |sum: u64| sum * backends as u64 / some.max(1) as u64;
        let full = Full {
            why,
            backends: u32::try_from(backends).unwrap_or(u32::MAX),
            limit: of_all(limit),
            in_flight: of_all(in_flight),
            waiting: self.queue.waiting(),
            waited,
            class,
        };
        NoBackend::full(&self.name, full)
    }

    /// Calls the next in line if a backend seems to have room for it.
    fn call_if_room(&self, max_wait: Duration) {
        let members = self.members.load();
        let Some(admit) = members.whole.roster.admit() else {
            return;
        };
        let range = members.whole.roster.range(admit);
        let some = range.start..range.end.min(range.start + SOME);
        let mut backends = members.at(&members.whole, some);
        if backends.any(|backend| backend.in_flight() < backend.limit) {
            self.queue.call_next(max_wait);
        }
    }
}
