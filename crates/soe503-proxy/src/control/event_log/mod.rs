//! The event log: what the process tells about itself, one line for each thing that happened.
//!
//! ```text
//! tracing::info!(…) ── level? ── one of many? ──▶ line ──▶ bounded buffer ──▶ writer thread ──▶ stderr, stdout, file
//!                        │ no       │ yes: counted          │ full: counted
//!                        ▼          ▼                       ▼
//!                     nothing    one line with the number   nothing
//! ```
//!
//! Which levels are written, of which modules, is looked up in a snapshot ([`Levels`]) and can be changed while the process
//! runs, by a reload or, for a while, by an operator. Lines of one kind (one place in the program, one cause) have a quota
//! ([`Repeats`](soe503_core::rate::Repeats)); what is beyond it is told as a number.
//!
//! Lines of the audit log (target `audit`) pass all of that: they are written whatever the levels say, have a limit of their
//! own, and have room in the buffer when others have none any more.
//!
//! Failure mode: it fails open. A disk that is full or a reader that stopped costs lines, never a request, and never a worker's
//! time: whoever has something to tell puts it into a buffer in memory. What is lost is counted in
//! `soe503_log_dropped_total`, what is told as a number in `soe503_log_suppressed_total`.

mod buffer;
mod failures;
mod handle;
mod levels;
mod line;
mod modules;
mod subscriber;
mod temporary;
mod thinned;
mod writer;

pub(in crate::control) use failures::tell as tell_failures;
pub use handle::{Counts, EventLog};
pub use levels::{Levels, LevelsError};
pub use temporary::Temporary;
