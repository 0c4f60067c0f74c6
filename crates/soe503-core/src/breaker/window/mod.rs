//! The results that rates are taken over.
//!
//! Two shapes, both of fixed size, allocated once when the breaker is built:
//!
//! - [`CountWindow`](count::CountWindow): a ring of the last *n* results; the oldest makes room for the newest.
//! - [`TimeWindow`](time::TimeWindow): ten slices of time, anchored to multiples of the slice's width. Anchoring
//!   matters: a window that restarts its slice at the moment of the last event drifts by a part
//!   of a slice each time and keeps old results too long (row S15).
//!
//! Recording is O(1): a result is added to a slot and to the totals, an evicted slot is taken
//! from them. A pause of any length costs at most ten slices. Which causes were behind the failures
//! is only added up when a rule trips.

mod count;
mod either;
mod sample;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod totals;

pub(crate) use either::ResultWindow;
pub(crate) use sample::Sample;
pub use tally::CauseCounts;
pub(crate) use tally::{Kind, Tally};
pub use totals::WindowTotals;
