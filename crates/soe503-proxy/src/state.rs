//! What the data plane and the control plane share while the proxy runs.
//!
//! ```text
//! Proxy ── ArcSwap ──▶ pools by name ──▶ PoolState ──▶ core handles (pool, breaker, budget, limit)
//!   │                                       ├────────▶ counters (atomics, read at scrape)
//!   │                                       └────────▶ answers (what DNS last said)
//!   └── recorder, access log, connections
//! ```
//!
//! Workers read, and add to atomics; the control plane swaps snapshots and reads the atomics. No
//! lock is held by either while the other waits (rule 4 of the architecture): a scrape, a reload
//! or a DNS answer costs a request nothing.
//!
//! A reload keeps what a pool has learned: the pool, its budget and its counters are handles
//! that the new state takes over, backends keep their state by name and address, and a breaker is made
//! anew only where its settings changed.

mod access;
mod cells;
mod change_hooks;
mod check_counts;
mod circuit_log;
mod connections;
mod counters;
mod debug_tokens;
mod durations;
mod interruptions;
mod kept;
mod loops;
mod members;
mod metastable;
mod openings;
mod paths;
mod pool;
mod proxy;
mod releases;
mod resolution;
mod settings;
mod trends;

pub use access::{Access, TurnedAway};
pub use change_hooks::{ChangeHooks, Taken};
pub use check_counts::CheckCounts;
pub use circuit_log::CircuitCounts;
pub use connections::{ConnectionGuard, Connections};
pub use counters::{Class, Finish, Origin, PoolCounters, Tally};
pub use debug_tokens::DebugTokens;
pub use durations::{Durations, DurationsSnapshot};
pub use interruptions::{Interruptions, Occurrence, UnknownTarget};
pub use kept::Kept;
pub use loops::{Loop, LoopSnapshot, Loops};
pub use metastable::{MetastableWatch, Shown};
pub use openings::Openings;
pub use paths::Paths;
pub use pool::PoolState;
pub use proxy::{Pools, Proxy, RateLimits, Reloads};
pub use releases::Releases;
pub use resolution::{Resolution, Trouble};
pub use trends::Trends;
