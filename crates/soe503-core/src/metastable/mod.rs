//! Overload that keeps itself going, and the way out of it.
//!
//! **What it is.** A trigger (a slow minute, a burst) pushes a pool past its capacity, and when it has
//! passed the load stays: retries, clients that give up and ask again, queues full of requests that nobody
//! waits for any more. The backends work as hard as ever, and hardly any of it is of use to anybody
//! (Bronson et al., "Metastable failures in distributed systems", HotOS 2021; Huang et al., OSDI 2022).
//! It ends when less is sent than could be done, for long enough to work the rest off.
//!
//! **How it is told.** By what clients get, in a window of five seconds: few of the attempts lead to a
//! good answer in time (under half), far fewer good answers come than lately (under 60 %), no less was
//! sent than that, and what is not answered well is mostly *late* (nobody waited for it, or a limit
//! of ours ran out) rather than wrong. So a pool that fails by errors is none, one that gets more
//! requests than it can answer but answers what it can is none (that is the
//! [concurrency limit](crate::limit)'s case), and neither is one whose circuit is not closed (that is the
//! [circuit](crate::breaker)'s): one that answers nothing at all is given twice the time for that.
//!
//! # The stages
//! ```text
//!  normal ──low──▶ retries cut ──still low──▶ queue cut ──still low──▶ shedding
//!     ▲                │  ▲                      │  ▲                     │
//!     └──── good ──────┘  └──────── good ────────┘  └──────── good ───────┘
//! ```
//! Each stage adds to the one before, cheapest first: no retries; then requests wait a quarter as
//! long for their turn; then only so many are let in at once as the answers show to be of use,
//! fewer each second while most are late, and more again once most are not. A stage that helps is left in
//! place, so the next comes only where good answers do not become more. Back it goes a stage at a time,
//! when nearly all is answered well for a while; a relapse soon after doubles that while.
//!
//! # Cost
//! Nothing per request: whoever counts requests anyway looks at the counts once a second
//! ([`Metastable::turn`]). Below ten attempts a second nothing is decided.

mod machine;
mod window;

pub use machine::{Change, Metastable, Orders, Stage, Why};
pub use window::Counts;
