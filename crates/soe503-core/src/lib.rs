//! Every decision of soe503, and no I/O.
//!
//! Nothing in this crate opens a socket, reads a clock, spawns a task or prints. Every method
//! that depends on time takes `now` as a [`Tick`]; everything random takes or owns a seeded
//! generator. That makes each rule a function that a table can test, and lets the tower layers
//! (`soe503`), the proxy (`soe503-proxy`) and any other shell share one set of decisions.
//!
//! | module | decides |
//! | --- | --- |
//! | [`cause`] | what a failure is called, and everything that is constant about it |
//! | [`breaker`] | whether a circuit lets a request through |
//! | [`retry`] | whether, when and on whose budget a request is tried again |
//! | [`hedge`] | whether and when a request that is late is sent to a second backend |
//! | [`failover`] | whether what one pool could not serve goes to another |
//! | [`pool`] | which backend gets an attempt, and which are out of rotation and why |
//! | [`health`] | when active checks change their mind |
//! | [`keepalive`] | how long an idle connection may be used again |
//! | [`hops`] | how many attempts proxies in a row may make between them |
//! | [`limit`] | whether there is room for one more request |
//! | [`metastable`] | whether an overload keeps itself going, and what is cut then |
//! | [`metrics`] | what is measured, and what that is called |
//! | [`maintenance`] | whether an interruption was planned, and until when |
//! | [`rate`] | whether a caller has sent too much, and when it may come back |
//! | [`stack`] | whether layers fit together, and what is wrong if not |
//! | [`throttle`] | whether a request is held back, as the backends would refuse it |
//! | [`orca`] | what a backend says about its load |
//! | [`waiting`] | where requests wait for a service that is due back, and who is called |
//! | [`ledger`] | the facts that attempts leave behind |
//! | [`diagnosis`] | the cause that those facts prove |
//! | [`incident`] | which failures are one incident, when it begins and when it is over |
//! | [`advice`] | which value of a configuration traffic has shown to be wrong, and what that has cost |
//! | [`alert`] | what of an incident is told to whom, and what becomes of a message that does not arrive |
//! | [`change`] | whether a deploy, a reload or a flag is why something fails |
//! | [`ratio`] | what a share is, and when it is reached |
//! | [`explain`] | the words, headers and documents in which a cause is told |

pub mod advice;
pub mod alert;
pub mod breaker;
pub mod cause;
pub mod change;
pub mod diagnosis;
pub mod explain;
pub mod failover;
pub mod health;
pub mod hedge;
pub mod histogram;
pub mod hops;
pub mod incident;
pub mod keepalive;
pub mod ledger;
pub mod limit;
pub mod maintenance;
pub mod metastable;
pub mod metrics;
pub mod orca;
pub mod outcome;
pub mod pool;
pub mod rate;
pub mod ratio;
pub mod reachability;
pub mod retry;
pub mod stack;
mod sync;
pub mod throttle;
pub mod time;
pub mod waiting;

pub use cause::{Category, Cause};
pub use outcome::{Outcome, Verdict};
pub use ratio::Ratio;
pub use time::Tick;
