//! Those who wait for their turn: who is next, and who is sent away.

use core::time::Duration;
use std::collections::VecDeque;

use super::Class;
use crate::Tick;

/// A bounded line with an order of importance. `W` is whatever wakes the one who waits.
///
/// The more important goes first. Within a class whoever came first goes first, until somebody has
/// waited for very long or many are sent away: then the newest goes first, because whoever has waited
/// the longest is the likeliest to leave before the answer.
#[derive(Debug)]
pub(crate) struct Line<W> {
    places: Vec<Place<W>>,
    free: Vec<u32>,
    ranks: [Rank; 3],
    joined: u64,
    /// Those who gave their place up while they waited, ever.
    left: u64,
    waiting: u32,
    /// The latest time that anybody told.
    latest: Tick,
    /// When the last ones came, and how many had given up by then.
    arrivals: [(Tick, u64); ARRIVALS],
    /// Where the very last one is in there.
    arrived: usize,
    /// How many more have come than were served and gave up, since that was last none.
    excess: f64,
}

/// Where somebody stands.
#[derive(Debug)]
struct Place<W> {
    number: u64,
    class: Class,
    since: Tick,
    state: State<W>,
}

/// What has become of somebody in line.
#[derive(Debug, Default)]
pub(crate) enum State<W> {
    /// Nobody stands here.
    #[default]
    Empty,
    Waiting(Option<W>),
    /// It is their turn; a slot is taken for them.
    Granted,
    /// Sent away for somebody more important, or because the line is too long.
    Evicted,
}

/// The line of one class.
#[derive(Debug, Default)]
struct Rank {
    /// Places with the number of who stood there; whoever left is still listed.
    order: VecDeque<(u32, u64)>,
    waiting: u32,
    /// Share of those who were sent away, of late.
    evicted: f32,
    newest_first: bool,
}

/// How many of a class's last ones the share looks back at.
const MEMORY: f32 = 128.0;
/// The shares at which the order turns, there and back. Turned, whoever waits already is lost: where hardly
/// more come than are served, the few that are too many cost less than that.
const TURN: f32 = 0.30;
const TURN_BACK: f32 = 0.10;
/// Arrivals that are remembered: one more than the longest of these.
const ARRIVALS: usize = 65;
/// How many of the last arrivals have to be how much faster than answers.
const WINDOWS: [(usize, f64); 3] = [(2, 1.0), (16, 1.0), (64, 1.1)];
/// Departed ones that may stay listed before the list is swept.
const LEFTOVERS: usize = 64;
/// A rush is so many more than are served: this many, and as many as are served in this time, in seconds. What
/// chance makes of fewer than are served does not come near: of seven where ten are served, once in millions.
const EXCESS: f64 = 16.0;
const EXCESS_TIME: f64 = 0.05;
/// No excess counts for more than so many times that, so that it is worked off soon.
const MOST_EXCESS: f64 = 2.0;

impl<W> Line<W> {
    pub(crate) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            ranks: [const {
                Rank {
                    order: VecDeque::new(),
                    waiting: 0,
                    evicted: 0.0,
                    newest_first: false,
                }
            }; 3],
            joined: 0,
            left: 0,
            waiting: 0,
            latest: Tick::ZERO,
            arrivals: [(Tick::ZERO, 0); ARRIVALS],
            arrived: 0,
            excess: 0.0,
        }
    }

    /// One comes, whatever becomes of it, while `rate` per second are served; 0: not known.
    pub(crate) fn came(&mut self, now: Tick, rate: f64) {
        let passed = now.since(self.latest).as_secs_f64();
        self.latest = self.latest.max(now);
        self.excess = if rate > 0.0 {
            (self.excess + 1.0 - passed * rate).clamp(0.0, MOST_EXCESS * rush(rate))
        } else {
            0.0
        };
        self.arrived = (self.arrived + 1) % ARRIVALS;
        self.arrivals[self.arrived] = (self.latest, self.left);
    }

    /// More come than are served at `rate` per second, for [a while](Self::rushed), and by the last few as well as by
    /// the last many: a rush is noticed late, and its end at once.
    pub(crate) fn crowded(&self, rate: f64) -> bool {
        self.rushed(rate)
            && WINDOWS.iter().all(|&(last, clearly)| {
                let first = (self.arrived + ARRIVALS - last) % ARRIVALS;
                let (since, left) = self.arrivals[first];
                let more = last as f64 - (self.left - left) as f64;
                self.latest.since(since).as_secs_f64() * rate * clearly < more
            })
    }

    /// So many more have come than are served at `rate` per second that it is not by chance: a sum of what exceeds
    /// (CUSUM; Page, Biometrika 1954), so a small excess counts as well, later. Whoever came while another gave up is
    /// no more: clients that lose their patience and ask again would look like a rush, and be sent away for it.
    pub(crate) fn rushed(&self, rate: f64) -> bool {
        self.excess >= rush(rate)
    }

    /// How many wait.
    pub(crate) const fn waiting(&self) -> u32 {
        self.waiting
    }

    pub(crate) fn waiting_of(&self, class: Class) -> u32 {
        self.ranks[class.index()].waiting
    }

    /// Since when the one who has waited longest waits.
    pub(crate) fn oldest(&self) -> Option<Tick> {
        let fronts = self.ranks.iter().filter_map(|rank| {
            let (place, _) = rank.order.iter().find(|entry| self.stands(**entry))?;
            Some(self.places[*place as usize].since)
        });
        fronts.min()
    }

    /// The last place in the line of `class`.
    pub(crate) fn join(&mut self, class: Class, now: Tick) -> u32 {
        self.joined += 1;
        let place = Place {
            number: self.joined,
            class,
            since: now,
            state: State::Waiting(None),
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.places[index as usize] = place;
                index
            }
            None => {
                self.places.push(place);
                self.places.len() as u32 - 1
            }
        };
        let rank = &mut self.ranks[class.index()];
        rank.order.push_back((index, self.joined));
        rank.waiting += 1;
        self.waiting += 1;
        index
    }

    /// What has become of whoever stands at `place`; to be woken by `waker` when that changes.
    pub(crate) fn look(&mut self, place: u32, waker: impl FnOnce(&mut Option<W>)) -> &State<W> {
        let state = &mut self.places[place as usize].state;
        if let State::Waiting(old) = state {
            waker(old);
        }
        state
    }

    /// Back to the head of the line: the turn came, and there was no room after all.
    pub(crate) fn put_back(&mut self, place: u32, waker: W) {
        let Place {
            state,
            class,
            number,
            ..
        } = &mut self.places[place as usize];
        *state = State::Waiting(Some(waker));
        let rank = &mut self.ranks[class.index()];
        if rank.newest_first {
            rank.order.push_back((place, *number));
        } else {
            rank.order.push_front((place, *number));
        }
        rank.waiting += 1;
        self.waiting += 1;
    }

    /// Gives a place up. Tells what had become of whoever stood there.
    pub(crate) fn leave(&mut self, place: u32) -> State<W> {
        let Place { state, class, .. } = &mut self.places[place as usize];
        let state = core::mem::take(state);
        let class = *class;
        self.free.push(place);
        if matches!(state, State::Waiting(_)) {
            self.ranks[class.index()].waiting -= 1;
            self.waiting -= 1;
            self.left += 1;
            self.excess = (self.excess - 1.0).max(0.0);
            self.sweep(class);
        }
        state
    }

    /// Whose turn it is: their place is granted, and what wakes them returned.
    pub(crate) fn grant(&mut self, stale: Duration) -> Option<Option<W>> {
        let class = Class::ALL
            .into_iter()
            .rev()
            .find(|class| self.ranks[class.index()].waiting > 0)?;
        self.turn(class, stale);
        let newest = self.ranks[class.index()].newest_first;
        let waker = self.take(class, newest, State::Granted)?;
        self.ranks[class.index()].note(0.0);
        Some(waker)
    }

    /// Sends one of `class` away, if one waits: whoever would be served last.
    pub(crate) fn evict(&mut self, class: Class) -> Option<Option<W>> {
        let newest = !self.ranks[class.index()].newest_first;
        let waker = self.take(class, newest, State::Evicted)?;
        self.ranks[class.index()].note(1.0);
        Some(waker)
    }

    /// One of `class` was turned away before it stood in line.
    pub(crate) fn note_refused(&mut self, class: Class) {
        self.ranks[class.index()].note(1.0);
    }

    /// Takes the newest or the oldest of `class` out of the order.
    fn take(&mut self, class: Class, newest: bool, becomes: State<W>) -> Option<Option<W>> {
        let place = loop {
            let order = &mut self.ranks[class.index()].order;
            let entry = if newest {
                order.pop_back()
            } else {
                order.pop_front()
            }?;
            if self.stands(entry) {
                break entry.0;
            }
        };
        self.ranks[class.index()].waiting -= 1;
        self.waiting -= 1;
        let state = &mut self.places[place as usize].state;
        match core::mem::replace(state, becomes) {
            State::Waiting(waker) => Some(waker),
            _ => None,
        }
    }

    /// Which end of a class is served next.
    fn turn(&mut self, class: Class, stale: Duration) {
        let rank = &mut self.ranks[class.index()];
        while let Some(&(place, number)) = rank.order.front() {
            let first = &self.places[place as usize];
            if first.number != number || !matches!(first.state, State::Waiting(_)) {
                rank.order.pop_front();
                continue;
            }
            let age = self.latest.since(first.since);
            if age > stale || rank.evicted > TURN {
                rank.newest_first = true;
            } else if age < stale / 2 && rank.evicted < TURN_BACK {
                rank.newest_first = false;
            }
            return;
        }
    }

    /// The one listed as `entry` still waits.
    fn stands(&self, (place, number): (u32, u64)) -> bool {
        let place = &self.places[place as usize];
        place.number == number && matches!(place.state, State::Waiting(_))
    }

    /// Forgets those who left, when they are many.
    fn sweep(&mut self, class: Class) {
        let rank = &self.ranks[class.index()];
        if rank.order.len() <= 2 * rank.waiting as usize + LEFTOVERS {
            return;
        }
        let mut order = core::mem::take(&mut self.ranks[class.index()].order);
        order.retain(|entry| self.stands(*entry));
        self.ranks[class.index()].order = order;
    }
}

/// How many more than are served at `rate` per second are a rush.
fn rush(rate: f64) -> f64 {
    EXCESS.max(EXCESS_TIME * rate)
}

impl Rank {
    fn note(&mut self, evicted: f32) {
        self.evicted += (evicted - self.evicted) / MEMORY;
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
