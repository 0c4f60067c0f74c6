//! Keys of `[pools.NAME.hedge]`.

use std::{num::NonZeroU32, time::Duration};

use super::values::nonzero_u32;
use crate::config::{
    Ratio,
    wire::{Defaulted, section},
};

section! {
    /// Sends a request that is still waited for to a second backend, and takes the first good answer: `GET`, `HEAD`
    /// and `OPTIONS` without a body, no upgrades, and no clients that a cookie keeps with their backend. For pools
    /// whose answers are late now and then for no reason that another backend would share, and whose
    /// backends can do with a few percent more requests; it also takes the place of the wait for
    /// `attempt_timeout` where one backend has become slow. Not for pools in which one request is as much
    /// work as a hundred others: those are always late. A hedge is one of the `retry.attempts`, so those have to
    /// be 2 or more, and is paid from the `retry_budget`, of which it leaves half to retries. There is none
    /// while the circuit is not closed or the pool is in panic.
    struct HedgeKeys {
        /// Whether it does.
        enabled: Defaulted<bool>, default(false);
        /// The share of answers that is waited for; who takes longer is asked for a second time. Of the answers
        /// of the last minute or so, by the median of the backends, so that one that is slow does not move it.
        percentile: Defaulted<Ratio>, default(Ratio::percent(95)),
            range(Ratio::percent(50), Ratio::parts_per_million_of(999_000));
        /// Nobody is asked sooner than this.
        min_delay: Defaulted<Duration>, default(Duration::from_millis(10)),
            range(Duration::from_millis(1), Duration::from_secs(60));
        /// How often one request may be hedged. Two of its attempts are under way at most.
        max: Defaulted<NonZeroU32>, default(NonZeroU32::MIN), range(NonZeroU32::MIN, nonzero_u32(9));
        /// Nothing is hedged before so many answers are known.
        minimum_requests: Defaulted<NonZeroU32>, default(nonzero_u32(100)),
            range(NonZeroU32::MIN, nonzero_u32(1_000_000));
    }
}
