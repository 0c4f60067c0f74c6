//! What traffic has shown about a configuration: which value to set, and how many requests failed for want of it.
//!
//! A lint reads the configuration alone. The other half is only known once requests have come: how long answers take, how long a
//! backend keeps idle connections, how many requests it can work on at once. Whoever has those figures ([`Observed`]) gets a
//! list of [`Advice`]: pure, and as often as anybody asks.
//!
//! **What counts as saved.** Failures are told apart by their cause, and some causes *are* a value of the configuration
//! (`misconfiguration/timeout_too_short`): a request that failed of one would not have failed with another value. Others
//! would have been saved if there had been time, or a backend, for a second attempt: those are counted where the advice makes room for one,
//! so the figure is an upper bound. Advice that would have saved nobody says 0.
//!
//! **Failure mode: silent.** With fewer samples than a percentile needs, or figures that may be cut off by the very limit that is
//! asked about, nothing is said.

mod advise;
mod kind;
mod observed;
mod rules;

pub use advise::{Advice, Value, advise};
pub use kind::{Kind, KindInfo};
pub use observed::{Latencies, Observed, Patience, RouteSettings, Settings};
