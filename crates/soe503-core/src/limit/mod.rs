//! How much at once, who waits for their turn, and who is sent away.
mod adaptive;
mod class;
mod config;
mod handle;
mod line;
mod priority;
mod shared;
mod slot;
mod snapshot;
mod standing;
mod ticket;

pub use class::Class;
pub use config::LimitConfig;
pub use handle::{Arrival, ConcurrencyLimit, Entry};
pub use slot::Slot;
pub use snapshot::{LimitReached, LimitSnapshot, LimitWhy, Turned};
pub use ticket::Ticket;

#[cfg(test)]
mod simulation;
