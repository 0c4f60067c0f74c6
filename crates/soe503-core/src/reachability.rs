//! Whether connects to an address wait in vain: what tells a filter's "no" from an address that nobody has.
//!
//! Both end in EHOSTUNREACH. A filter (or a router that knows) answers within a round trip; where nobody has the
//! address, its resolution gives up about three seconds after the *first* connect asked for it (ARP and
//! neighbour discovery: three tries a second apart, Linux `mcast_solicit` × `retrans_time_ms`), and everybody who
//! asked meanwhile is told in the same instant. Whoever came last has hardly waited: by its own time alone that
//! looks like a filter. Two things tell them apart:
//!
//! - **who waited before**: an error that comes at once to a connect before which nobody waited is a filter's;
//! - **the rhythm**: a resolution takes three seconds each time, so errors at two moments that are less than
//!   2.5 s apart are a filter's, be it one that says so only now and then (routers limit how often they do).
//!
//! **Failure mode.** Connects that nobody tells of (another process of this host; a port that is no backend's) may have begun the resolution: then the
//! first error may be taken for a filter's.
//!
//! Shared by all workers: six atomic words, no lock; only connects touch them.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::Tick;
use crate::diagnosis::AT_ONCE;

/// What connects to one address have shown. Starts knowing nothing.
#[derive(Debug, Default)]
pub struct Reachability {
    /// The first connect since something came back, in nanoseconds; 0: none.
    begun: AtomicU64,
    /// The same, at the moment of the last errors.
    before: AtomicU64,
    /// When the last errors began to come; 0: none.
    errors: AtomicU64,
    /// How long before that the others had come, in nanoseconds; 0: never.
    apart: AtomicU64,
    /// When the first of the connects that lately gave up did, in nanoseconds; 0: none has.
    silent_since: AtomicU64,
    /// When the last one did.
    silent_at: AtomicU64,
}

/// How long a connect that gave up says something about the next one.
const SILENCE: Duration = Duration::from_secs(10);

/// Resolving an address takes no less, each time.
const ROUND: Duration = Duration::from_millis(2500);

impl Reachability {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// A connect begins.
    pub fn begin(&self, now: Tick) {
        // Somebody else may be the first at the same time: both are.
        if self.begun.load(Ordering::Relaxed) == 0 {
            self.begun.store(nanos(now), Ordering::Relaxed);
        }
    }

    /// The host answered a connect, be it with a no of its own.
    pub fn answered(&self) {
        if self.begun.load(Ordering::Relaxed) != 0 {
            self.begun.store(0, Ordering::Relaxed);
        }
    }

    /// A connect gave up after all the time that connects have.
    pub fn timed_out(&self, now: Tick) {
        if self.silent(now).is_none() {
            self.silent_since.store(nanos(now), Ordering::Relaxed);
        }
        self.silent_at.store(nanos(now), Ordering::Relaxed);
    }

    /// Connects have given up within the last ten seconds: when the first of them did. Those among them that
    /// came about do not end it: a queue that is full may take one now and then.
    pub fn silent(&self, now: Tick) -> Option<Tick> {
        let at = self.silent_at.load(Ordering::Relaxed);
        let lately = at != 0 && now.since(Tick::from_nanos(at)) < SILENCE;
        lately.then(|| Tick::from_nanos(self.silent_since.load(Ordering::Relaxed)))
    }

    /// The host is said to be unreachable. Whether that may be the end of what others waited for.
    pub fn unreachable(&self, now: Tick) -> bool {
        let last = self.errors.load(Ordering::Relaxed);
        if last == 0 || now.since(Tick::from_nanos(last)) >= AT_ONCE {
            let apart = match last {
                0 => 0,
                last => nanos(now).saturating_sub(last),
            };
            let begun = self.begun.swap(0, Ordering::Relaxed);
            self.before.store(begun, Ordering::Relaxed);
            self.apart.store(apart, Ordering::Relaxed);
            self.errors.store(nanos(now), Ordering::Relaxed);
        }
        let apart = self.apart.load(Ordering::Relaxed);
        if apart != 0 && Duration::from_nanos(apart) < ROUND {
            return false;
        }
        let before = self.before.load(Ordering::Relaxed);
        before != 0 && now.since(Tick::from_nanos(before)) >= AT_ONCE
    }
}

/// Never 0, which stands for none.
fn nanos(now: Tick) -> u64 {
    now.as_nanos().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_secs(100).after(Duration::from_millis(millis))
    }

    #[test]
    fn nobody_waited_before() {
        let seen = Reachability::new();
        seen.begin(at(0));
        assert!(!seen.unreachable(at(1)), "a filter");
        // One after another, seconds apart.
        seen.begin(at(5000));
        assert!(!seen.unreachable(at(5001)));
    }

    #[test]
    fn silence_lasts_from_the_first_that_gave_up() {
        let seen = Reachability::new();
        assert_eq!(seen.silent(at(0)), None);
        seen.timed_out(at(0));
        seen.answered();
        seen.timed_out(at(9_000));
        assert_eq!(seen.silent(at(18_999)), Some(at(0)), "with one in between");
        assert_eq!(seen.silent(at(19_000)), None);
        seen.timed_out(at(20_000));
        assert_eq!(seen.silent(at(20_000)), Some(at(20_000)), "another one");
    }

    #[test]
    fn all_who_waited_are_told_in_the_same_instant() {
        let seen = Reachability::new();
        seen.begin(at(0));
        seen.begin(at(1000));
        seen.begin(at(3040));
        for late in [3070, 3070, 3071, 3100] {
            assert!(seen.unreachable(at(late)), "the end of three seconds");
            // The next round begins before all have been told.
            seen.begin(at(late));
        }
        seen.begin(at(6000));
        assert!(seen.unreachable(at(6140)), "and the next round");
    }

    #[test]
    fn those_who_gave_up_have_waited_as_well() {
        let seen = Reachability::new();
        // Cut after half a second.
        seen.begin(at(0));
        seen.begin(at(2900));
        assert!(seen.unreachable(at(3070)));
    }

    #[test]
    fn what_was_answered_is_over() {
        let seen = Reachability::new();
        seen.begin(at(0));
        seen.answered();
        seen.begin(at(3000));
        assert!(!seen.unreachable(at(3001)), "a filter since");
    }

    #[test]
    fn a_router_that_says_so_once_a_second() {
        let seen = Reachability::new();
        seen.begin(at(0));
        assert!(!seen.unreachable(at(2)));
        for second in 1..6 {
            // Most wait in vain; one is told.
            seen.begin(at(second * 1000 - 900));
            seen.begin(at(second * 1000));
            assert!(!seen.unreachable(at(second * 1000 + 2)), "{second}");
        }
    }

    #[test]
    fn a_storm_of_errors_is_no_round() {
        let seen = Reachability::new();
        for millis in 0..2000 {
            seen.begin(at(millis));
            assert!(!seen.unreachable(at(millis)), "{millis}");
        }
    }

    /// Errors of one round come two and a half seconds after those of the round before.
    #[test]
    fn a_round_has_its_length() {
        for (apart, waited) in [(2_500, true), (2_499, false)] {
            let seen = Reachability::new();
            seen.begin(at(0));
            assert!(seen.unreachable(at(3_000)));
            seen.begin(at(3_001));
            assert_eq!(seen.unreachable(at(3_000 + apart)), waited, "{apart} ms");
        }
        for (millis, waited) in [(250, true), (249, false)] {
            let seen = Reachability::new();
            seen.begin(at(0));
            assert_eq!(seen.unreachable(at(millis)), waited, "after {millis} ms");
        }
    }
}
