//! Keys of `[routes.failover]`.

use crate::config::wire::{Defaulted, List, Required, section};

section! {
    /// Other pools for requests that the route's own cannot serve: its circuit is open, none of its backends
    /// can be used, or what may be tried there was tried. Sent there only if it is safe to send it again, as
    /// for `retry`, within `retry.attempts` in all. The answer is marked by `X-SOE-Degraded: failover` and
    /// counted as prevented. Goes before `cache` and `fallback`. Nobody waits (`ride_out`) for a pool while another
    /// can be asked. A pool under planned maintenance is not failed over: drain it instead.
    struct FailoverKeys {
        /// The pools, in the order in which they are asked.
        pools: Required<List<String>>, like("[\"app-west\"]");
        /// Whether requests that a pool's limit or queue turns away go to the next one too. Then an overload
        /// of one becomes load of the other.
        on_overload: Defaulted<bool>, default(false);
    }
}
