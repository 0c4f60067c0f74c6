//! How long a server keeps idle connections, learned from what it does.
//!
//! A request sent on a connection that the server closes at the same moment fails, and may not be
//! safe to repeat (failure mode 2). Nobody configures this right: the server's limit is another
//! team's default. So connections are given up before the server does, at four fifths of what is
//! known about its patience (rule R8 of the diagnosis). Two things tell:
//!
//! - **what it says**: `Keep-Alive: timeout=N` (RFC 2068 §19.7.1.1, never standardised since and
//!   sent by many, such as Node.js and Apache);
//! - **what it does**: idle connections that it closes at the same age. Three in a row, at moments
//!   at least a second apart, are a limit; fewer, or all at once, may be a restart. The ages are
//!   known as intervals (open when last looked at, closed when next looked at), and closes agree
//!   while their intervals have a part in common.
//!
//! A server may also close a connection that has served so many requests (`max_requests`, `keepalive_requests`), and
//! not say so in the last answer: three in a row that had served as many are a limit. Nothing is given up for that;
//! it tells why a request was lost on such a connection.
//!
//! **Failure mode: forgets.** While the limit is kept, nothing more is seen of the server's, so what
//! was learned holds for [`KeepAlive::MEMORY`] and is then learned again. A limit learned in error
//! costs new connections, never requests.
//!
//! Shared by all workers: seven atomic words, no lock.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::Tick;

/// What is known about one server's patience. Starts knowing nothing.
#[derive(Debug, Default)]
pub struct KeepAlive {
    said: Dated,
    learned: Dated,
    /// The closes that agree so far: a packed [`Run`].
    run: AtomicU64,
    /// When the last of them was seen, in nanoseconds.
    last: AtomicU64,
    /// How many requests one connection serves.
    served: Dated,
    /// The closes that agree on that so far: a count in the lower half, how many agree in the upper.
    counts: AtomicU64,
    /// When the last of those was seen, in nanoseconds.
    counted: AtomicU64,
}

/// Where the limit for idle connections comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The configuration: the server is as patient, or nothing is known about it.
    Configured,
    /// What the server says in `Keep-Alive`.
    Said,
    /// What the server does.
    Learned,
}

/// A number, such as milliseconds, and the second in which it was set; 0: none.
#[derive(Debug, Default)]
struct Dated(AtomicU64);

/// Closes in a row whose ages have `low..=high`, in milliseconds, in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    low: u32,
    high: u32,
    count: u8,
}

/// Of the server's patience, so much is used.
const USED_PERCENT: u32 = 80;
/// Closes in a row that are proof.
const PROOF: u8 = 3;
/// Closes nearer to each other than this are one event.
const APART: Duration = Duration::from_secs(1);
/// Connections closed sooner than this are closed for another reason.
const SHORTEST: Duration = Duration::from_secs(1);
/// Largest age that fits into 28 bits: three days.
const MOST: u32 = (1 << 28) - 1;
/// Ages that differ by less, relative to the greater, are the same: a twentieth.
const TOLERANCE: u32 = 20;

// === impl KeepAlive ===

impl KeepAlive {
    /// How long what was learned holds without being seen again: 15 minutes.
    pub const MEMORY: Duration = Duration::from_secs(15 * 60);

    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a connection may have been idle to be used again: `configured`, or less where the
    /// server is less patient. Zero: not at all.
    pub fn limit(&self, now: Tick, configured: Duration) -> Duration {
        if self.said.is_none() && self.learned.is_none() {
            return configured;
        }
        self.judge(now, configured).0
    }

    /// The same limit, and who set it. Of two that say the same, what the server says goes first.
    pub fn judge(&self, now: Tick, configured: Duration) -> (Duration, Source) {
        let share = |patience: Duration| patience * USED_PERCENT / 100;
        let known = [
            (self.said.get(now), Source::Said),
            (self.learned.get(now), Source::Learned),
        ];
        let mut limit = (configured, Source::Configured);
        for (patience, source) in known {
            if let Some(patience) = patience.map(share).filter(|least| *least < limit.0) {
                limit = (patience, source);
            }
        }
        limit
    }

    /// How long the server keeps idle connections, as far as is known.
    pub fn patience(&self, now: Tick) -> Option<Duration> {
        match (self.said.get(now), self.learned.get(now)) {
            (Some(said), Some(learned)) => Some(said.min(learned)),
            (said, learned) => said.or(learned),
        }
    }

    /// The server says that it keeps idle connections for `timeout`.
    pub fn hint(&self, now: Tick, timeout: Duration) {
        self.said.set(now, millis(timeout));
    }

    /// The server closed an idle connection, when it had been idle for at least `open` (it was seen
    /// open then) and at most `closed`.
    pub fn closed(&self, now: Tick, open: Duration, closed: Duration) {
        if closed < SHORTEST {
            return;
        }
        let last = self.last.load(Ordering::Relaxed);
        if last != 0 && now.since(Tick::from_nanos(last)) < APART {
            return;
        }
        self.last.store(now.as_nanos().max(1), Ordering::Relaxed);
        let seen = (millis(open.min(closed)), millis(closed));
        // Two workers at once: one close more or less makes no difference.
        let run = Run::unpack(self.run.load(Ordering::Relaxed)).and(seen);
        self.run.store(run.pack(), Ordering::Relaxed);
        if run.count >= PROOF {
            self.learned.set(now, run.low);
        }
    }

    /// The server closed a connection that had served `served` requests and had been idle for `open`, when it was last
    /// seen open; and it had not begun to answer another. One that had been idle for longer than a second was closed
    /// for that.
    ///
    /// Closes nearer to each other than a second count as one, as a restart closes all at once.
    pub fn counted(&self, now: Tick, open: Duration, served: u32) {
        if open >= SHORTEST {
            return;
        }
        let last = self.counted.load(Ordering::Relaxed);
        if last != 0 && now.since(Tick::from_nanos(last)) < APART {
            return;
        }
        self.counted.store(now.as_nanos().max(1), Ordering::Relaxed);
        // Two workers at once: one close more or less makes no difference.
        let run = self.counts.load(Ordering::Relaxed);
        let agree = match run as u32 == served {
            true => (run >> 32).saturating_add(1),
            false => 1,
        };
        self.counts
            .store(agree << 32 | u64::from(served), Ordering::Relaxed);
        // A connection that serves one request is not reused, and loses none.
        if agree >= u64::from(PROOF) && served > 1 {
            self.served.set(now, served);
        }
    }

    /// How many requests one connection serves, as far as is known.
    pub fn requests(&self, now: Tick) -> Option<u32> {
        self.served.value(now)
    }

    /// Whether the server closes a connection that has been idle for `idle` and has served `served` requests, by all
    /// that is known.
    pub fn is_used_up(&self, now: Tick, idle: Duration, served: u32) -> bool {
        let idle_for = |patience: Duration| idle >= patience - patience / TOLERANCE;
        self.requests(now) == Some(served) || self.patience(now).is_some_and(idle_for)
    }
}

/// `N` of `timeout=N` in a `Keep-Alive` field, in seconds.
pub fn parse_timeout(field: &str) -> Option<Duration> {
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let named = name.trim().eq_ignore_ascii_case("timeout");
        named.then(|| value.trim().trim_matches('"').parse::<u32>().ok())?
    };
    let seconds = field.split(',').find_map(parameter)?;
    Some(Duration::from_secs(seconds.into()))
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis())
        .unwrap_or(u32::MAX)
        .min(MOST)
}

// === impl Dated ===

impl Dated {
    fn set(&self, now: Tick, number: u32) {
        let word = u64::from(number) << 32 | u64::from(second(now));
        // Most hints say the same again: the line then stays shared between workers.
        if self.0.load(Ordering::Relaxed) != word {
            self.0.store(word, Ordering::Relaxed);
        }
    }

    fn get(&self, now: Tick) -> Option<Duration> {
        let millis = self.value(now)?;
        Some(Duration::from_millis(millis.into()))
    }

    fn value(&self, now: Tick) -> Option<u32> {
        let word = self.0.load(Ordering::Relaxed);
        let age = second(now).saturating_sub(word as u32);
        let fresh = word != 0 && u64::from(age) < KeepAlive::MEMORY.as_secs();
        fresh.then_some((word >> 32) as u32)
    }

    fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// Never 0, which stands for none.
fn second(now: Tick) -> u32 {
    let seconds = now.as_nanos() / 1_000_000_000;
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

// === impl Run ===

impl Run {
    /// With one more close between `open` and `closed`.
    fn and(self, (open, closed): (u32, u32)) -> Self {
        let slack = self.high.max(closed) / TOLERANCE;
        let (low, high) = (self.low.max(open), self.high.min(closed));
        if self.count > 0 && low <= high.saturating_add(slack) {
            Self {
                // The later of two times that are the same to us: the earlier one is safe.
                low: low.min(high),
                high,
                count: self.count.saturating_add(1),
            }
        } else {
            Self {
                low: open,
                high: closed,
                count: 1,
            }
        }
    }

    fn pack(self) -> u64 {
        u64::from(self.low) << 36 | u64::from(self.high) << 8 | u64::from(self.count)
    }

    fn unpack(word: u64) -> Self {
        Self {
            low: (word >> 36) as u32,
            high: (word >> 8) as u32 & MOST,
            count: word as u8,
        }
    }
}

#[cfg(test)]
#[path = "keepalive_tests.rs"]
mod tests;
