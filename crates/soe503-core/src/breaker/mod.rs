//! Whether a circuit lets a request through.
//!
//! ```text
//!             a rule is met                open time over, or an early probe succeeded
//!   ┌────────┐ ──────────────────▶ ┌────────┐ ──────────────────▶ ┌───────────┐
//!   │ closed │                     │  open  │                     │ half-open │
//!   └────────┘                     └────────┘ ◀────────────────── └───────────┘
//!       ▲                              too many probes failed, or none came back │
//!       └────────────────────────────────────────────────────────────────────────┘
//!                                 enough probes succeeded
//! ```
//!
//! An operator can hold it open or closed ([`Breaker::force_open`], [`Breaker::force_closed`])
//! until a [`Breaker::reset`]; in shadow mode it goes through its states and refuses nobody.
//!
//! # Why this algorithm
//!
//! - **Three rules side by side.** A run of failures sees an outage within a handful of requests and
//!   is blind to a service that fails every second time; a rate sees that and needs a minimum of
//!   traffic; a slow rate sees the service that never fails and never answers in time. Whichever is
//!   met first opens, and says so ([`Trip`]).
//! - **The root travels with the state.** A refusal tells what is wrong *behind* the circuit: the
//!   majority cause of the failures that opened it, or of the probes that failed since, or what
//!   knocking at the backends found meanwhile ([`Breaker::knocked`]).
//! - **Permits, not callbacks.** A [`Permit`] is taken at admission and ends in exactly one way. A
//!   probe that its client abandons gives its place back, so a half-open circuit cannot be stuck
//!   with no probe to free it: the fault of breakers that forget the permit at the gate.
//! - **Generations.** Every transition begins one. A result counts only in the generation that
//!   admitted it, so stragglers from before a trip neither close nor reopen anything. The rolling of
//!   a window is no transition: slow results must be counted.
//! - **Several probes decide by rate.** One success proves too little and one failure too; either
//!   makes a circuit flap.
//!
//! - **A run is judged by what is usual.** Where failures come in runs that end by themselves, a run has
//!   to be so long that chance makes it once in a million (`aftermath.rs`). A service that fails half of
//!   its requests still serves the other half, and a circuit would take that away.
//! - **Probes go while it is open** (`early.rs`), as a small share of the requests: with traffic, a
//!   recovery is seen within hundredths of a second. A backend's `Retry-After` does not hold them back: it
//!   binds retries that have no other backend, says when load is welcome again, and is often wrong;
//!   one request in thirty milliseconds is no load.
//! - **Whoever is refused may be able to wait** (`ride_out.rs`): a refusal says until when that is worth
//!   while, and the circuit calls those who wait in its [room](Breaker::waiting_room). When it is not any
//!   more, a refusal may still be put off for a moment (`linger.rs`), so that it rests on what probes found
//!   after the request had come.
//!
//! # How it fails
//!
//! It fails closed against the service and open towards nobody: while open, requests that might have
//! worked are refused, for `max_open_for` plus jitter at most per attempt to recover. A pool where
//! one of many backends fails should not open its circuit at all: the pool reports such failures as
//! [`Verdict::Degraded`](crate::Verdict::Degraded), which no run counts.
//!
//! # Cost
//!
//! Admission on a closed circuit is one atomic load. A success without a rate rule and without a
//! run of failures is two more loads; any other result is a short lock around fixed memory. Nothing
//! allocates before a trip. Transitions are returned, never called back under the lock.
//!
//! A permit counts itself as a reference to its circuit. Threads do that in lines of memory of their own
//! (`lane.rs`), so what they take side by side costs each no more than what it takes alone.

mod aftermath;
mod circuit;
mod closed;
mod config;
mod config_error;
mod early;
mod handle;
mod knock;
mod lane;
mod linger;
mod machine;
mod open_time;
mod permit;
mod probation;
mod recovery;
mod refusal;
mod ride_out;
mod snapshot;
mod state;
mod transition;
mod trip;
mod window;

pub use config::{BreakerConfig, Window};
pub use config_error::ConfigError;
pub use handle::Breaker;
pub use knock::{Knocked, root_of_knocks, worth_knocking};
pub use permit::Permit;
pub use refusal::CircuitOpen;
pub use snapshot::BreakerSnapshot;
pub use state::{Forced, State};
pub use transition::{Transition, TransitionReason};
pub use trip::{FailedProbe, Trip, TripRule};
pub use window::{CauseCounts, WindowTotals};
