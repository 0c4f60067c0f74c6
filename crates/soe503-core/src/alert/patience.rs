//! What becomes of a message that did not arrive.

use core::time::Duration;

use super::Entry;
use crate::Tick;
use crate::retry::Backoff;

/// How long it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pauses between attempts.
    pub pauses: Backoff,
    /// A message that is as old is given up.
    pub give_up_after: Duration,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The target answered.
    Answered {
        /// With this status.
        status: u16,
        /// It wants to be left alone for so long.
        retry_after: Option<Duration>,
    },
    /// It did not, or nothing that is an answer.
    Silent,
}

/// What is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is tried again, not before this moment.
    Again(Tick),
    /// The target does not want it, and will not.
    Refused,
    /// It has been tried for long enough.
    GaveUp,
}

impl Patience {
    /// No target is left alone for longer than five minutes, whatever it asks for.
    pub const LONGEST: Duration = Duration::from_secs(300);

    /// Judges the reply to `entry`, which counts it.
    pub fn judge<T>(
        &self,
        entry: &mut Entry<T>,
        reply: Reply,
        now: Tick,
        rng: &mut fastrand::Rng,
    ) -> Verdict {
        let asked = match reply {
            Reply::Answered { status, .. } if (200..300).contains(&status) => {
                return Verdict::Delivered;
            }
            Reply::Answered { status, .. } if is_final(status) => return Verdict::Refused,
            Reply::Answered { retry_after, .. } => retry_after,
            Reply::Silent => None,
        };
        entry.attempts = entry.attempts.saturating_add(1);
        let pause = self.pauses.delay(entry.attempts, rng);
        let asked = asked.unwrap_or_default().min(Self::LONGEST);
        let at = now.after(pause.max(asked));
        match at.since(entry.since) >= self.give_up_after {
            true => Verdict::GaveUp,
            false => Verdict::Again(at),
        }
    }
}

/// Sending the same again is of no use. Who is not let in, or not found, may be so once its secret or address is replaced.
const fn is_final(status: u16) -> bool {
    !matches!(status, 401 | 403 | 404 | 408 | 425 | 429 | 500..)
}

impl Default for Patience {
    /// Pauses up to a minute, for an hour.
    fn default() -> Self {
        Self {
            pauses: Backoff {
                base: Duration::from_secs(1),
                max: Duration::from_secs(60),
            },
            give_up_after: Duration::from_secs(3600),
        }
    }
}
