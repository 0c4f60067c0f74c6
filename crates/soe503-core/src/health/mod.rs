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
//! fall into step (failure mode 21). Backends that wait for their first check do not wait for an
//! interval: their checks are spread over as much of it as there are many of them.
//!
//! While a result contradicts the state, or traffic raised a [suspicion](Checker::suspect), checks run
//! at the fast interval until that is settled. Of a backend that is down for good they become rare:
//! the pauses double up to [`CheckConfig::down_interval`]. While the check may be what is wrong they
//! do not.
//!
//! **Failure mode.** A check that asks the wrong question condemns good backends. Where it got no
//! verdict from the backend itself it leaves a [`Doubt`], and requests that are answered well
//! [overrule](overrules) it. For the rest, the pool stops believing checks that condemn too many (see
//! [`crate::pool`]). Health is an axis of its own: no check ever ends an ejection that traffic caused.
//!
//! **What is wrong behind a backend** stands in the body of its answer, if it speaks one of the usual
//! formats ([`Hints`]): it is told, and decides nothing.
//!
//! Pure: the shell sends the probes, applies [`CheckConfig::timeout`], and reports each result.

mod checker;
mod config;
mod hints;
mod meaning;
mod report;
mod trust;

pub use checker::Checker;
pub use config::{CheckConfig, CheckConfigError};
pub use hints::{Component, Hints, Level};
pub use meaning::Doubt;
pub use report::{CheckResult, Health, HealthChange, HealthReport};
pub use trust::{PROOF_LASTS, Traffic, overrules};
