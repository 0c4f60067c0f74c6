//! An open-loop load generator.
//!
//! Requests leave at the times of a schedule that was fixed beforehand, whatever became of the
//! requests before them, and each latency is counted from the scheduled time. A closed loop would
//! slow down together with the server and so leave out exactly the requests that suffered most
//! (coordinated omission). Every result is kept; nothing is averaged here.

mod client;
mod kind;
mod record;
mod schedule;
mod surge;

pub use client::run;
pub use kind::{Kind, NoKind};
pub use record::Record;
pub use schedule::{Arrivals, Plan, Shot};
pub use surge::{NoSurge, Surge};
