//! The last minute of a place by the second, and what is usual there.

use core::time::Duration;
use std::collections::VecDeque;

use smallvec::SmallVec;

use super::{Counted, Saved};
use crate::Tick;
use crate::cause::Cause;

/// So many seconds are looked at one by one.
const SECONDS: u64 = 60;
/// So far back goes what is usual: seconds count less the longer they lie back.
const USUAL: f64 = 15.0 * 60.0;
/// Fewer failures than this share are never a surge, however few are usual.
const FLOOR: f64 = 0.01;
/// Chance does it less than once in a million times: the natural logarithm of a million.
const SURE: f64 = 13.815;

/// What happened in a second.
#[derive(Clone, Debug)]
struct Second {
    /// Its number on the clock.
    number: u64,
    requests: u64,
    failed: SmallVec<[Failed; 2]>,
    saved: Saved,
    /// When its first failure was explained.
    first: Option<Tick>,
}

/// Failures of one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// What stands behind it.
    pub(super) cause: Cause,
    /// What was told.
    pub(super) primary: Cause,
    pub(super) count: u64,
    /// An incident has them already.
    pub(super) taken: bool,
}

/// A stretch up to now in which far more failed than usual.
#[derive(Clone, Debug)]
pub(super) struct Surge {
    /// Its first failure.
    pub(super) onset: Tick,
    /// All requests in it.
    pub(super) requests: u64,
    pub(super) failed: Vec<Failed>,
    pub(super) saved: Saved,
}

/// The failures of the last minute that no incident has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first of them.
    pub(super) onset: Tick,
    pub(super) failed: u64,
    /// All requests since.
    pub(super) requests: u64,
    pub(super) saved: Saved,
}

/// One place's history.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    seconds: VecDeque<Second>,
    usual: Usual,
    /// What lies between these is an incident, and not usual.
    unusual: Option<(Tick, Tick)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    requests: f64,
    failed: f64,
    second: u64,
}

// === impl History ===

impl History {
    /// Adds what was counted up to `now`.
    pub(super) fn count(&mut self, counted: &Counted, failed: &[Failed], now: Tick) {
        let second = self.second(now);
        second.requests += counted.requests;
        second.saved.add(&counted.saved);
        for more in failed {
            match second.failed.iter_mut().find(|known| known.same(more)) {
                Some(known) => known.count += more.count,
                None => second.failed.push(*more),
            }
        }
    }

    /// A failure was explained at `at`; its count may come a little later.
    pub(super) fn sighted(&mut self, at: Tick) {
        let second = self.second(at);
        second.first = Some(second.first.map_or(at, |first| first.min(at)));
    }

    /// From `onset` on things are not as usual, up to `last` at least.
    pub(super) fn set_unusual(&mut self, onset: Tick, last: Tick) {
        self.unusual = Some((onset, last));
    }

    /// The share of failures that is usual here, at least [`FLOOR`].
    pub(super) fn usual(&self) -> f64 {
        let Usual {
            requests, failed, ..
        } = self.usual;
        ((failed + 1.0) / (requests + 100.0)).max(FLOOR)
    }

    /// The stretch up to now in which chance explains the failures least, if it is a surge of `least` failures or
    /// more. Only failures that no incident has count, and now it has them.
    pub(super) fn surge(&mut self, least: u64) -> Option<Surge> {
        let usual = self.usual();
        let (mut requests, mut failed) = (0, 0);
        let mut best: Option<(f64, usize)> = None;
        for (index, second) in self.seconds.iter().enumerate().rev() {
            let here = second.failed.iter().filter(|failed| !failed.taken);
            let here: u64 = here.map(|failed| failed.count).sum();
            requests += second.requests;
            failed += here;
            if here == 0 || failed < least {
                continue;
            }
            let surprise = surprise(failed, requests.max(failed), usual);
            // The earliest of equals: with it began what follows.
            if surprise >= SURE && best.is_none_or(|(most, _)| surprise >= most) {
                best = Some((surprise, index));
            }
        }
        let (_, from) = best?;
        let mut surge = Surge {
            onset: self.first_failure(from),
            requests: 0,
            failed: Vec::new(),
            saved: Saved::default(),
        };
        for second in self.seconds.range_mut(from..) {
            surge.requests += second.requests;
            surge.saved.add(&second.saved);
            for more in second.failed.iter_mut().filter(|failed| !failed.taken) {
                more.taken = true;
                match surge.failed.iter_mut().find(|known| known.same(more)) {
                    Some(known) => known.count += more.count,
                    None => surge.failed.push(*more),
                }
            }
        }
        Some(surge)
    }

    /// Something was counted.
    pub(super) fn is_any(&self) -> bool {
        !self.seconds.is_empty()
    }

    /// The failures of the last minute that no incident has, and what came since the first of them.
    pub(super) fn stretch(&self, now: Tick) -> Option<Stretch> {
        let from = number(now).saturating_sub(SECONDS);
        let fails = |second: &Second| {
            second.number >= from && second.failed.iter().any(|failed| !failed.taken)
        };
        let first = self.seconds.iter().position(fails)?;
        let mut stretch = Stretch {
            onset: self.first_failure(first),
            failed: 0,
            requests: 0,
            saved: Saved::default(),
        };
        for second in self.seconds.range(first..) {
            let failed = second.failed.iter().filter(|failed| !failed.taken);
            stretch.failed += failed.map(|failed| failed.count).sum::<u64>();
            stretch.requests += second.requests;
            stretch.saved.add(&second.saved);
        }
        Some(stretch)
    }

    /// Failures `of` some causes, and all requests, of the last ten seconds.
    pub(super) fn lately(&self, now: Tick, of: impl Fn(Cause) -> bool) -> (u64, u64) {
        let from = number(now).saturating_sub(10);
        let seconds = self.seconds.iter().rev();
        seconds.take_while(|second| second.number > from).fold(
            (0, 0),
            |(failed, requests), second| {
                let here = second.failed.iter().filter(|f| of(f.cause));
                let here: u64 = here.map(|failed| failed.count).sum();
                (failed + here, requests + second.requests)
            },
        )
    }

    /// Requests of each of the `most` seconds before this one, the latest first. What is missing had none.
    pub(super) fn rates(&self, now: Tick, most: u64) -> impl Iterator<Item = u64> + '_ {
        let this = number(now);
        (1..=most).map(move |back| {
            let wanted = this.saturating_sub(back);
            let found = self.seconds.binary_search_by_key(&wanted, |s| s.number);
            found.map_or(0, |index| self.seconds[index].requests)
        })
    }

    /// When the stretch that begins with this second had its first failure. Counts come up to two seconds after
    /// the explanations.
    fn first_failure(&self, mut index: usize) -> Tick {
        let begin = self.seconds[index].number;
        let mut first = self.seconds[index].first;
        while let Some(before) = index.checked_sub(1) {
            let second = &self.seconds[before];
            if begin - second.number > 2 || second.first.is_none() || !second.failed.is_empty() {
                break;
            }
            first = second.first;
            index = before;
        }
        first.unwrap_or_else(|| Tick::from_secs(begin))
    }

    /// The second of `now`; older ones become what is usual.
    fn second(&mut self, now: Tick) -> &mut Second {
        let number = number(now);
        while let Some(oldest) = self.seconds.front()
            && oldest.number + SECONDS < number
        {
            let at = Tick::from_secs(oldest.number);
            let unusual = self
                .unusual
                .is_some_and(|(from, to)| from.before(Duration::from_secs(2)) <= at && at <= to);
            if !unusual {
                let failed = oldest.failed.iter().map(|failed| failed.count).sum();
                self.usual.add(oldest.number, oldest.requests, failed);
            }
            self.seconds.pop_front();
        }
        // Sightings may come a little late; they find their second, or make it.
        let place = self.seconds.partition_point(|s| s.number < number);
        if self.seconds.get(place).is_none_or(|s| s.number != number) {
            self.seconds.insert(
                place,
                Second {
                    number,
                    requests: 0,
                    failed: SmallVec::new(),
                    saved: Saved::default(),
                    first: None,
                },
            );
        }
        &mut self.seconds[place]
    }
}

// === impl Failed ===

impl Failed {
    fn same(&self, other: &Self) -> bool {
        (self.cause, self.primary, self.taken) == (other.cause, other.primary, other.taken)
    }
}

// === impl Usual ===

impl Usual {
    fn add(&mut self, second: u64, requests: u64, failed: u64) {
        let passed = second.saturating_sub(self.second) as f64;
        let left = (-passed / USUAL).exp();
        self.requests = self.requests * left + requests as f64;
        self.failed = self.failed * left + failed as f64;
        self.second = second;
    }
}

/// By how much `failed` of `requests` is more than chance would do where the share `usual` fails: the negative
/// logarithm of an upper bound of that probability (Chernoff).
fn surprise(failed: u64, requests: u64, usual: f64) -> f64 {
    let n = requests as f64;
    let share = failed as f64 / n;
    if share <= usual {
        return 0.0;
    }
    let rest = match share < 1.0 {
        true => (1.0 - share) * ((1.0 - share) / (1.0 - usual)).ln(),
        false => 0.0,
    };
    n * (share * (share / usual).ln() + rest)
}

fn number(now: Tick) -> u64 {
    now.as_nanos() / 1_000_000_000
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
