//! Which backend gets an attempt, and which are out of rotation and why.
//!
//! # Choosing
//!
//! [`PoolConfig::balance`] says how. Whatever it is, only backends that can be used and were not tried
//! are chosen while there are any, a backend that warms up gets its part only, and
//! [`Affinity::badge`] goes first.
//!
//! **Power of two choices over a latency estimate.** Two random backends of the rotation are
//! compared by *estimate × (in flight + 1) × penalty*, and the cheaper one wins. Two random choices
//! avoid the herd that "always the best" sends to whoever looked best a moment ago; the in-flight
//! count reacts at once where a latency only reacts later. Weights decide how often a backend is
//! drawn and what an attempt in flight counts, so they hold at low load and at high load.
//!
//! - The estimate is a peak-EWMA: it jumps up with a bad sample and forgets it over
//!   [`PoolConfig::latency_decay`]. Idle, it falls back to what is *typical for the pool*, never to
//!   zero, so an idle backend is not taken for an infinitely fast one.
//! - A failure adds to a penalty that fades within seconds, and a failure's latency never lowers
//!   the estimate: whoever fails fast must not attract load (failure modes 22 to 24).
//! - Differences below 20 % are noise; then a coin decides.
//! - Of more than 128 backends each thread uses a window at a time (`aperture.rs`): three times
//!   as many as are busy, moving on slowly.
//!
//! **Limits.** A backend that has as many requests in flight as it may
//! ([`BackendSpec::max_in_flight`]) is passed over by every policy, and by [`Affinity::badge`] too. When
//! all have, a request may wait for a place ([`Pool::line_up`], `queue.rs`): the important first, as many as
//! [`PoolConfig::max_waiting`] says. A backend that warms up gets its part of its limit (`caps.rs`); one
//! without a limit gets, while others have room, its part of what those have in flight each.
//!
//! **Least request** is the same without latencies. **In turn**: a round that is written down when the
//! backends change (`turns.rs`). **By key**: a ring (`ring.rs`) or an even table (`maglev.rs`) of all
//! backends, in which those that cannot be used are passed over, so their keys alone move, and come back;
//! with [`Hashing::bounded_load`] those too that have enough to do (`keyed.rs`).
//!
//! **Priorities and zones** (`tiers.rs`) divide the backends into tiers, and a policy chooses within one.
//! **Load reports** (`report.rs`) make busy backends dearer, or their turns fewer.
//!
//! # Three axes
//!
//! ```text
//!  operator   enabled ◀──▶ draining ◀──▶ disabled (until …)
//!  checks     up ◀──▶ down ◀── starting              (crate::health)
//!             overruled: failing, and wrong about it  (crate::health::overrules)
//!  traffic    trusted ──trip──▶ ejected ──due──▶ probe ──success──▶ trusted, warming
//!                                  ▲                │
//!                                  └── twice as long ┘ failure
//! ```
//!
//! The axes are independent: a passing check never ends an ejection (failure mode 14), an operator's
//! `enable` neither. A backend is in rotation when all three agree. Each state keeps its [`Why`].
//!
//! **Ejection** on traffic: one refused connection, a run of failures, or, among successes, failing or being slow more
//! than the others over the same time (`outlier.rs`). The latter are sequential tests (`trial.rs`), fed by bad results
//! alone: where the others fail or are slow as well, it takes twice their share, so what comes from a route, a request
//! or what all backends need ejects nobody. Slow is a multiple of the median of the backends' medians. A pause is one
//! event, slow starts are exempt, and where requests are balanced by a key latencies are not compared. A probe that is
//! slow does not end an ejection for latency, and slow successes do not shorten the next one. It ends with one probe: a
//! real, preferably idempotent request. After that the backend *warms up*: its share grows from a
//! tenth to its weight. The time out doubles with each ejection and shrinks only with successes,
//! never with mere time (envoy#21142). What keeps passive evidence from emptying a pool:
//!
//! - the last backend in rotation is never ejected, so a pool of one never is (failure mode 15);
//! - only a refused connection ejects by itself. Anything else needs a sibling in rotation whose last
//!   result was not a failure: if all fail alike, the cause is not this backend (failure modes
//!   16 and 17), and at most [`EjectionConfig::max_ejected`] of the pool go that way, a third for latency;
//! - if operators or checks take out the rest, ejected backends are used rather than none.
//!
//! **A check that is wrong.** A check that fails and leaves a [`Doubt`](crate::health::Doubt) (its path
//! is gone, it is turned away, it gives up early) does not take out a backend that has answered a
//! request well since: the backend stays up and its [`Why`] says that the check is broken. The
//! backend's own word (5xx, a refused connection) always counts.
//!
//! **Panic.** When checks condemn more than [`PoolConfig::panic_threshold`] of the backends that
//! traffic still trusts, the checks are the likelier fault (failure mode 13): such backends are picked
//! too, visibly ([`LeaseKind::Panic`]). So are, where checks are overruled for some backends, the others
//! whose check leaves a doubt: requests have to prove them. Traffic that fails ejects them, which
//! confirms the checks and ends the panic.
//!
//! **Failure mode: the pool fails open** ("least bad" rather than "none") unless panic is turned
//! off. [`NoBackend`] then says how many backends are in which state, the majority cause, and when
//! the first may return.
//!
//! # Cost
//!
//! A pick on the normal path is one arc-swap load, two random numbers, a few atomic loads per
//! candidate and one `Arc` clone: no lock, no allocation, and the same with 3 backends as with
//! 10,000. A pool with tiers adds a look at those before the one that is used. Policies by key take one
//! search in the ring (O(log n)) or one look into the table, and one more for each backend that is passed
//! over. Backends that are out are not drawn at all (`roster.rs`); one that was tried or that a
//! slow start holds back is drawn again, in pools of up to sixteen by looking at all. What time
//! changes is on an agenda (`agenda.rs`), and what a failure must know about the siblings is
//! counted where it changes (`word.rs`), so neither asks around. Locks are taken when something
//! fails or changes; a change costs O(log n), a new set of backends O(n log n).

mod affinity;
mod agenda;
mod aperture;
mod backend;
mod balance;
mod caps;
mod census;
mod config;
mod control;
mod ejection;
mod ejections;
mod glance;
mod grant;
mod group;
mod handle;
mod keyed;
mod latency;
mod lease;
mod maglev;
mod members;
mod outlier;
mod pick;
mod places;
mod policies;
mod queue;
mod refusal;
mod report;
mod ring;
mod roster;
mod shares;
mod snapshot;
mod spoiled;
mod state;
mod tiers;
mod trial;
mod tried;
mod turn;
mod turns;
mod vitals;
mod word;

pub use affinity::{Affinity, Ask};
pub use backend::{Backend, BackendSpec, Key};
pub use balance::{Balance, Hashing};
pub(crate) use ejection::is_refusal;

pub use config::{EjectionConfig, PoolConfig, PoolConfigError};
pub use control::UnknownBackend;
pub use ejections::{EjectionCounts, EjectionReason};
pub use glance::Glance;
pub use handle::Pool;
pub use lease::{FailureScope, Lease, LeaseKind, Recorded};
pub use refusal::{Full, NoBackend, StateCounts};
pub use snapshot::{
    BackendSnapshot, EjectionSnapshot, LatencySnapshot, PoolSnapshot, PoolState, TierSnapshot,
};
pub use state::{BackendState, BackendTransition, By, Why};
pub use tried::Tried;
pub use turn::Turn;
