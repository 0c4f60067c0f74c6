//! When active checks change their mind.
//!
//! ```text
//!              first success                 `fall` failures in a row
//!  Starting ──────────────────────▶  Up  ◀───────────────────────────▶  Down
//!      │                                    `rise` successes in a row     ▲
//!      └────────────────────── `fall` failures in a row ──────────────────┘
//! ```
//!
//! **Why rise and fall.** One lost probe proves nothing about a backend, and one good probe after an
//! outage proves little; a run of equal results is the cheapest filter that forgets quickly. The
//! first success of a backend that was never checked counts in full: nothing speaks against it.
//!
//! **When the next check is due.** Checks start at a random point of the first interval and every
//! interval is stretched or shrunk by a random ±10 %, so that many proxies and many backends never
//! fall into step (failure mode 21). While a result contradicts the state, or traffic raised a
//! [suspicion](Checker::suspect), checks run at the fast interval until the doubt is gone.
//!
//! **Failure mode.** A check that asks the wrong question condemns good backends. The checker cannot
//! know; the pool does, and stops believing checks that condemn too many (see [`crate::pool`]).
//! Health is an axis of its own: no check ever ends an ejection that traffic caused.
//!
//! Pure: the shell sends the probes, applies [`CheckConfig::timeout`], and reports each result.

mod checker;
mod report;

pub use checker::{CheckConfig, CheckConfigError, Checker};
pub use report::{CheckResult, Health, HealthChange, HealthReport};
