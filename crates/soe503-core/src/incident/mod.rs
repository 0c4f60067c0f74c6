//! Failures with one cause in one place are one incident.
//!
//! ```text
//!  what a pool counted ──▶ history ──surge?──▶ open ──quiet──▶ closed ──again──▶ open
//!  failures explained ───▶ who, since when, how sure         │
//!  states of the pool ───▶ conditions ──lasts?──▶ open
//!  changes of state ─────▶ timeline ◀──── changes (R7) ◀──────┘
//! ```
//!
//! **When one is opened.** Not at the first failure: a single one, a client's mistake, half a percent that
//! always fails are no incident, and nobody is to be called for them. A pool's failures are compared with
//! what is usual there (the last 15 minutes, at least 1 %). The stretch up to now in which chance explains them
//! least (of at most a minute) is looked for; if it holds [`LEAST_FAILURES`] failures and chance would do
//! that less than once in a million times, an incident begins with that stretch: its first failure is the onset.
//! Five failures of five will do, five of a thousand will not. Until then a failure is known by its request
//! alone.
//!
//! What never counts: answers to the client's own mistakes, clients that leave, rate limits, maintenance that
//! was planned ([`counts`]).
//!
//! **What belongs to it.** The place is the pool, or this proxy where its own resources are the cause. A fault
//! shows several faces while it begins (a process that dies resets, then refuses; then the circuit opens), so
//! within [`JOIN`] every cause in that place joins; each is counted, and the one with most of the failures
//! leads (R20: never merged into a vague label, the others are told with their share). After that another
//! cause is another incident, if it surges by itself. What stands behind a refusal is what counts (R17): an
//! open circuit is a symptom, not a cause.
//!
//! **Though nothing fails.** A pool may be in a state that somebody has to do something about while its requests are
//! answered: a health check that asks for a path that is gone, a name that does not resolve any more. Such a
//! [`condition`] is an incident as well, with no failure in it, once it has lasted; only failures with its own cause join
//! it. It ends when the condition has not been seen for `close_after`.
//!
//! **When it ends.** When for `close_after` there was no failure of it worth mentioning, and something was
//! answered well since: where nobody asks, nothing is known to be cured. After a quarter of an hour without a
//! failure it is closed all the same. A relapse within [`REOPEN`] is the same incident.
//!
//! **When the process ends.** What was open then may go on: the next process is told ([`Book::remember`]), and the first
//! failure of the same cause in the same place within [`REOPEN`] of the last one continues it, under its name and with what
//! was counted. Without one it was over.
//!
//! **Bounds.** [`MOST_OPEN`] open ones (more join the last of their place, or are not kept), [`MOST_KEPT`] in all,
//! 64 lines of timeline each (the beginning and the end are kept), 8 causes, 8 exemplars, 16 backends.
//!
//! # Cost
//! Nothing per request that succeeds: the counts exist anyway and are looked at once a second. A failure costs
//! a look at the [`Directory`] when it is explained; all else is done where nobody waits.

mod book;
pub mod condition;
mod count;
mod course;
mod directory;
mod history;
mod id;
mod load;
mod moment;
mod news;
mod place;
mod record;
mod remembered;
mod sighting;
mod timeline;
mod verified;

pub use book::{Book, LEAST_FAILURES, Settings};
pub use count::{Counted, SAVED_BY, Saved};
pub use course::{Changes, Course, NEARBY};
pub use directory::Directory;
pub use id::Ids;
pub use moment::Moment;
pub use news::News;
pub use place::{Place, blamed, counts};
pub use record::{CauseTally, Incident, JOIN, MOST_KEPT, MOST_OPEN, REOPEN, State};
pub use remembered::Remembered;
pub use sighting::Sighting;
pub use timeline::{Entry, EntryKind, Timeline};
pub use verified::{Verdict, Verified};
