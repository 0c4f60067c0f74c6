//! What the data plane and the control plane share while the proxy runs.
//!
//! ```text
//! Proxy ── ArcSwap ──▶ pools by name ──▶ PoolState ──▶ core handles (pool, breaker, budget, limit)
//!   │                                       ├────────▶ counters (atomics, read at scrape)
//!   │                                       └────────▶ resolution (what DNS last said)
//!   └── recorder, access log, connections
//! ```
//!
//! Workers read, and add to atomics; the control plane swaps snapshots and reads the atomics. No
//! lock is held by either while the other waits (rule 4 of the architecture): a scrape, a reload
//! or a DNS answer costs a request nothing.

mod counters;
mod resolution;

pub use counters::{Class, Finish, Origin, PoolCounters};
pub use resolution::{Resolution, Trouble};
