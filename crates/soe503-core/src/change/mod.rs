//! What was changed, and whether it is why something fails (rule R7).
//!
//! A deploy, a reload, a flag: a [`Change`] is a marker with a time and a reach. Of those that were made
//! shortly before failures began, one is called their cause only if that is ten times as likely as chance
//! ([`link()`]); all others are listed as near, each with the reason why it is not it.
//!
//! **Failure mode.** It names too little rather than too much: a change whose reach nobody told is never
//! the cause of anything, and who deploys every minute is told that there was a deploy, not that it was it.
//!
//! Times are milliseconds since 1970, not ticks: markers come from other machines, may lie before this
//! process began, and outlive it.

mod kind;
mod link;
mod log;
mod marker;

pub use kind::Kind;
pub(crate) use link::concerns;
pub use link::{LIKELY, Link, Links, NEAR, Onset, WhyNot, link};
pub use log::{Added, Log};
pub use marker::{Change, Origin, Reach};

/// The two clocks of a marker's sender and ours may differ by so much, in milliseconds.
pub const CLOCK_MARGIN_MS: i64 = 2_000;
