//! Everything that is not on a request's way: the control plane.
//!
//! It runs on a thread and a runtime of its own ([`start`]). Workers never wait for it: what they hand
//! over goes through bounded channels that drop and count when full, and what it decides reaches
//! them through snapshots and atomics in [`crate::state`]. If this thread stood still, requests
//! would go on being served, with the knowledge of that moment.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`alerts`] | who is told of incidents |
//! | [`admin`] | the HTTP API for operators and programs |
//! | [`change_hooks`] | what other systems tell of changes |
//! | [`check`] | active health checks; knocking at backends that refused |
//! | [`dogstatsd`] | what a Datadog agent is told |
//! | [`dns`] | names of backends, resolved again and again |
//! | [`history`] | the last minutes, as charts show them |
//! | [`incidents`] | failures with one cause in one place, and what was changed |
//! | [`recorder`] | what is known about recent failures, by request id |
//! | [`access_log`] | one line of JSON per request |
//! | [`event_log`] | what the process tells about itself, and how much of it |
//! | [`journal`] | which failures survive a restart, and how that is told |
//! | [`metrics`] | what Prometheus reads |
//! | [`clock`] | wall time, for display |
//! | `config_diff` | how another configuration differs from the one in force |
//! | `follow` | certificates and tokens that change on disk |
//! | `usage` | what this process uses |

pub mod access_log;
pub mod admin;
pub mod alerts;
pub mod change_hooks;
pub mod check;
pub mod clock;
mod config_diff;
pub mod dns;
pub mod dogstatsd;
pub mod event_log;
mod follow;
pub mod history;
pub mod incidents;
pub mod journal;
pub mod metrics;
pub mod recorder;
mod sink;
mod start;
mod supervise;
mod trends;
mod usage;
mod watch;
mod words;

pub(crate) use admin::ready_to_replace;
pub use start::{Control, Reload, StartError, start};
pub(crate) use start::{open_admin, start_with};
pub use trends::CpuStat;
pub use usage::Usage;
