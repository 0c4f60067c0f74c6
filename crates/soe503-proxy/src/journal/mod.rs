//! What shall survive a restart, in one file: incidents, change markers and a sample of failures.
//!
//! ```text
//! whoever knows something ── try_send(Entry) ──▶ bounded channel ──▶ journal thread ── commit ──▶ file
//!                               │ full: count a drop, go on              (every 750 ms, if there is something)
//! whoever asks ── get, latest ──▶ a snapshot of the file, while it is written
//! ```
//!
//! The file is a redb database: copy on write with checksums, so that a process that is killed at any moment
//! leaves the state of its last commit. The rest is in here: bounds in size and age, and what is done when
//! the file cannot be used. Nothing of the proxy is: an entry is a kind, an id, a time and bytes.
//!
//! Failure mode: it serves on without. A full disk, a file in use or a directory that is missing is tried
//! again and again, while the latest entries wait in memory. A file that is broken is set aside as
//! `NAME.broken` and a new one begun. Each of it is told: [`Status`].
//!
//! | file | what |
//! | --- | --- |
//! | `entry.rs` | what is stored, and how it looks as bytes |
//! | `limits.rs` | how much, and for how long |
//! | `disk.rs` | the file: opened with care, never longer than it may be |
//! | `store.rs` | tables, commits, reads |
//! | `room.rs` | what goes when there is no room, or when it is old |
//! | `aside.rs` | files that cannot be used |
//! | `pending.rs` | what waits to be written |
//! | `writer.rs` | the thread |
//! | `handle.rs` | the handle |

mod aside;
mod disk;
mod entry;
mod handle;
mod limits;
mod pending;
mod room;
mod status;
mod store;
mod trouble;
mod writer;

pub use entry::{Entry, Kind, Stored, Unreadable};
pub use handle::Journal;
pub use limits::Limits;
pub use status::{Counts, SetAside, State, Status};
pub use trouble::{Trouble, TroubleKind};

#[cfg(test)]
mod tests;
