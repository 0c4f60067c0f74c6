//! How much at once, who waits for their turn, and who is sent away.
//!
//! **Why a count.** In-flight requests are what a backend or a proxy runs out of; a rate says nothing
//! about requests that take long. A request counts once, however often it is tried. It gets a [`Slot`],
//! a place in line (a [`Ticket`]), or is refused.
//!
//! # The adaptive limit
//! Work beyond what backends can do at once waits in *their* queues, where it grows old, cannot be
//! withdrawn, and is done for clients that have left. So what they cannot work on is held back here.
//! How much they can is measured (`adaptive`), and the measuring itself must not cause failures:
//!
//! - **Nothing is limited while latency is flat**, whatever the load. The alarm is that more requests
//!   wait for an answer than came in one and a half usual latencies, *and* that answers are slow or
//!   stay out. More load alone does neither.
//! - **The alarm starts a measurement, and sheds nothing.** Fewer requests are let in, the others
//!   wait. If as many are answered per second as before, the backends were saturated; if fewer, they
//!   only became slow (a dependency, a stall), and the limit grows in leaps until nobody waits. Requests
//!   are sent away once saturation is *proven*, not before.
//! - **Proven, the limit follows the product** of throughput and the latency without a crowd
//!   (Little's law: what can be worked on at once), and a little more. It is re-measured with every round
//!   of answers, now and then with fewer in flight. There is no configured or remembered minimal
//!   latency to be pinned to, as in Envoy's gradient controller, which has to measure it at a
//!   concurrency of 3 and causes bursts of 503 by that; and no drift, as in a gradient of a long to a
//!   short average (Netflix's Gradient2).
//! - **Never below a floor** of 4 per backend and 8 in all. With nobody waiting for a second it goes.
//!
//! What counts is requests that wait for an *answer*: a stream whose head has come holds a slot of the
//! fixed limit only.
//!
//! # The line
//! The important go first ([`Class`]). Within a class it is first come, first served, until somebody
//! has waited for very long or many are sent away; then the newest goes first, since it is the
//! likeliest to be waited for (adaptive LIFO, as at Facebook). The line is kept as short as the measured
//! rate permits, with less room for the less important; the rush must have lasted an eighth to a quarter
//! of a second and some arrivals, and two slow ones end it. Who comes in the place of somebody who gave up is no rush, so clients
//! that lose their patience and ask again are not sent away while the line gets shorter. A request whose deadline comes before an answer can is refused at once.
//! Dropping a [`Ticket`] gives its place up.
//!
//! # Failure mode
//! A slot is given back when it is dropped, so a cancelled request or a panic cannot leak one.
//! Lowering a limit evicts nobody: requests in flight finish, and nothing new is admitted until the
//! count is below the new limit. The counter is exact: a refusal never makes a concurrent, admissible
//! request fail (no add-then-undo).
//!
//! # Cost
//! Admission is two loads and a compare-and-swap, an answer four additions. The line's lock is taken by
//! those who have to wait, and by whoever makes room for them.

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
pub(crate) use line::{Line, State};
pub use slot::Slot;
pub use snapshot::{LimitReached, LimitSnapshot, LimitWhy, Turned};
pub use ticket::Ticket;

#[cfg(test)]
mod simulation;
