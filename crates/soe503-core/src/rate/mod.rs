//! How many in how much time: rate limits.
//!
//! **Why GCRA.** The generic cell rate algorithm (ITU-T I.371, the leaky bucket as a meter) needs one
//! number for each key: the time at which the key has nothing outstanding any more. Nothing refills by
//! timer, a key that was idle long enough is equal to one that was never seen, and the wait that a
//! refused caller has to be told is a subtraction. One compare-and-swap decides a request.
//!
//! **Failure mode.** A limit holds a bounded number of keys, and whoever is limited may invent new
//! ones. See [`Keys`]: a key that finds no free place takes over the least debt of its neighbours, so
//! that inventing keys never buys a request that the bound would not have allowed anyway. The price is
//! paid by new callers while the table is full of busy ones: they are limited too early, never too late.
//!
//! ```
//! # use core::{num::NonZeroU32, time::Duration};
//! # use soe503_core::{Tick, rate::{Quota, RateConfig, RateLimit}};
//! let two_per_second = Quota::new(NonZeroU32::new(2).unwrap(), Duration::from_secs(1));
//! let limit = RateLimit::new("search", RateConfig::new(two_per_second));
//! let (caller, now) = (limit.key("198.51.100.7"), Tick::ZERO);
//! assert!(limit.take(caller, now).is_ok() && limit.take(caller, now).is_ok());
//! let refused = limit.take(caller, now).unwrap_err();
//! assert_eq!(refused.wait, Duration::from_millis(500));
//! assert!(limit.take(limit.key("203.0.113.9"), now).is_ok());
//! ```

mod client;
mod cookie;
mod gcra;
mod keys;
mod limit;
mod limited;
mod quota;
mod repeats;

pub use client::{ClientPrefix, PrefixError};
pub use cookie::cookie;
pub use keys::Keys;
pub use limit::{Left, RateConfig, RateLimit, RateSnapshot};
pub use limited::{Key, Limited};
pub use quota::Quota;
pub use repeats::Repeats;
