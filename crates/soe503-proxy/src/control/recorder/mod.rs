//! What is known about recent failures, by request id.
//!
//! ```text
//! worker ── try_send(Record) ──▶ bounded channel ──▶ ring of the last 4096 ──▶ /api/v1/failures/{id}
//!              │ full: count a drop, go on              (drained when asked, and on each tick)
//! ```
//!
//! A worker hands over the record as the diagnosis made it, in values; words and dates come into
//! being when somebody asks for that one record, which for most is never. Nobody waits on the
//! channel, so a worker never pays to wake anybody.
//!
//! What of it survives a restart is up to [`journal`](super::journal), which is offered each record here.
//!
//! Failure mode: it forgets. A burst beyond the channel is counted
//! (`soe503_recorder_dropped_total`), and records beyond the ring push out the oldest. The answer
//! to the client was complete either way; memory stays bounded during an outage, when records are many.

mod record;
mod ring;
mod tell;

pub use record::Record;
pub use ring::{Recorder, Settings};
pub use tell::tell;
pub(crate) use tell::{grade, level};
