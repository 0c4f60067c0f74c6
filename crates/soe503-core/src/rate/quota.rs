//! What is allowed.

use core::num::NonZeroU32;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::saturating_nanos;

/// So many requests in so much time, and how many of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quota {
    /// Requests in each `per`, in the long run.
    pub requests: NonZeroU32,
    /// The time that `requests` are for. More than zero; zero counts as a nanosecond.
    pub per: Duration,
    /// Requests that an idle caller may send at once.
    pub burst: NonZeroU32,
}

const SECOND: u64 = 1_000_000_000;

impl Quota {
    /// `requests` in each `per`, all of them at once if the caller was idle for so long.
    pub const fn new(requests: NonZeroU32, per: Duration) -> Self {
        Self {
            requests,
            per,
            burst: requests,
        }
    }

    /// The same with another burst.
    #[must_use]
    pub const fn with_burst(mut self, burst: NonZeroU32) -> Self {
        self.burst = burst;
        self
    }

    /// Nanoseconds that one request costs.
    pub(super) fn interval(&self) -> u64 {
        (saturating_nanos(self.per) / u64::from(self.requests.get())).max(1)
    }

    /// Nanoseconds of debt with which a request is still let through.
    pub(super) fn tolerance(&self) -> u64 {
        self.interval()
            .saturating_mul(u64::from(self.burst.get()) - 1)
    }

    /// The quota as `RateLimit-Policy` announces it, in whole seconds: requests (`q`) and window
    /// (`w`). A burst larger than the quota of one `per` is announced with the window that it takes.
    pub fn announced(&self) -> (u64, u64) {
        let requests = u64::from(self.requests.max(self.burst).get());
        let per = saturating_nanos(self.per).max(1);
        let window = u128::from(per) * u128::from(requests) / u128::from(self.requests.get());
        let window = u64::try_from(window).unwrap_or(u64::MAX);
        // The field knows no fraction of a second: as many windows as fill one.
        let times = SECOND.div_ceil(window).max(1);
        let seconds = window.saturating_mul(times).saturating_add(SECOND / 2) / SECOND;
        (requests * times, seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_announced_in_whole_seconds() {
        let quota = |requests, millis, burst| {
            let n = |n| NonZeroU32::new(n).unwrap();
            Quota::new(n(requests), Duration::from_millis(millis)).with_burst(n(burst))
        };
        for (requests, millis, burst, announced) in [
            (100, 60_000, 100, (100, 60)),
            (100, 60_000, 20, (100, 60)),
            (10, 1_000, 50, (50, 5)),
            (10, 100, 10, (100, 1)),
            (3, 1_000, 3, (3, 1)),
            (1, 3_600_000, 1, (1, 3600)),
            // To the nearest second.
            (3, 1_499, 3, (3, 1)),
            (3, 1_500, 3, (3, 2)),
        ] {
            assert_eq!(
                quota(requests, millis, burst).announced(),
                announced,
                "{requests} in {millis} ms, {burst} at once"
            );
        }
        assert_eq!(
            quota(1, 0, 1).interval(),
            1,
            "no time at all is no division by zero"
        );
    }
}
