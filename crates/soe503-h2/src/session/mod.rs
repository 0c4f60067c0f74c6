//! One connection's state, in both roles.

mod connection;
mod event;
mod options;

pub use connection::Session;
pub use event::{By, Event, StreamId, Violation};
pub use options::Options;
