//! Telling others of incidents.
//!
//! ```text
//! incidents ──news──▶ Alerts ──▶ desk of each target: Told, Outbox (soe503_core::alert)
//!                                  │ a task of its own: one message at a time
//!                                  ▼
//!                     letter (pure) ──▶ post ──▶ Slack · PagerDuty · Alertmanager · Grafana · webhook
//! ```
//!
//! What is told, and what becomes of a message that does not arrive, is decided by [`soe503_core::alert`]; [`letter`]
//! writes it down for each kind of target, and [`post`] sends it. Each target has a queue and a task of its own on the
//! control thread, so one that is down, slow or answers garbage is waited for by nobody else, least of all by a request.
//! Secrets are read again for each message.
//!
//! Failure mode: a target that cannot be reached for `give_up_after` misses what happened; `soe503_alerts_sent_total` counts it,
//! and `lbctl alerts` shows why.

mod deliver;
mod desk;
mod files;
mod hub;
pub mod letter;
pub mod post;
mod run;
mod sample;
#[cfg(test)]
mod tests;
mod view;

pub use hub::{Alerts, TargetScrape};
pub(crate) use run::{flush, run};
pub(crate) use view::try_out;
