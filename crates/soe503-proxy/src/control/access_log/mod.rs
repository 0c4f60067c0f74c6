//! The access log: one JSON line per request, written off the request path.
//!
//! ```text
//! worker ── try_send(Entry) ──▶ bounded channel ──▶ writer thread ── batch ──▶ file, stdout
//!              │ full: count a drop, go on                (25 ms busy, 200 ms idle)
//! ```
//!
//! A worker hands over a struct of numbers and reference-counted strings; formatting, escaping and
//! writing happen on a thread of their own. The writer *polls*: it never blocks on the channel
//! that workers fill, so no worker ever pays a system call to wake it. The price is that a line
//! appears up to 200 ms after its request.
//!
//! Failure mode: it fails open. A full channel, a full disk or a reader that stopped costs log
//! lines, never requests; what was lost is counted in `soe503_access_log_dropped_total`.

mod entry;
mod line;
mod writer;

pub use super::sink::Sink;
pub use entry::Entry;
pub use writer::{AccessLog, Options, Writer, start};
