//! Rules over what a pool's last minutes were like.
//!
//! One rule per file, each a pure function of numbers. They are asked once a second, off the request
//! path ([`judge`]); a failed request only looks what was found ([`Findings`]), and so costs the same
//! however much there is to know.
//!
//! **What a finding may do** to the cause that a request's own attempts show is one table
//! ([`role`]): take its place, stand behind it as its root, or say more about it.
//! **Failure mode: too early.** A second or two after an onset nothing is found yet, and the
//! mechanical cause stands, which is true as far as it goes.

mod backlog;
mod checks;
mod draining;
mod everywhere;
mod finding;
mod findings;
mod group;
mod latency;
mod limit;
mod one_slow;
mod own_cpu;
mod plaintext;
mod release;
mod role;
mod same_words;
mod saturated;
mod shared_latency;
mod silent;
mod spike;
pub(super) mod stats;
mod storm;
mod timeout;
mod zone;

pub(super) use backlog::backlog;
pub use checks::BrokenCheck;
pub use draining::Departure;
pub use everywhere::{Everywhere, Standing, Verdict, Witness, everywhere};
pub(crate) use everywhere::{is_one_of_them, named as errno_or_number};
pub use finding::{Fact, Finding, Missing};
pub use findings::{Findings, Inputs, judge};
pub use limit::LimitState;
pub use own_cpu::{Own, OwnSecond};
pub use role::{Role, role};
pub use same_words::{Words, signature};
pub use silent::Silent;
pub use timeout::Late;
pub(super) use timeout::timeout;
