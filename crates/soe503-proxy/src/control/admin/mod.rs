//! The admin API: what operators, `lbctl`, Prometheus and load balancers ask the process.
//!
//! Types and paths are those of [`soe503_api`]; this module fills them. Every answer that is not a
//! success is a problem document (RFC 9457) that names what would have been right. Who may ask is
//! decided in [`Guard`], before anything is looked at. The dashboard (`page`) is behind it too.
//!
//! Failure mode: it runs on the control thread, apart from traffic, with bounds on connections, handshakes, heads,
//! bodies and time. An admin API under siege costs itself.

mod actions;
mod alert_view;
mod alerts;
mod audit;
mod body;
mod change_hooks;
mod changes;
mod config_diff;
pub(crate) mod config_view;
mod connection;
mod denied;
mod doctor;
mod extract;
mod failures;
mod findings;
mod front_view;
mod guard;
mod history;
mod incidents;
mod kept;
mod limits;
mod log;
mod maintenance;
mod openapi;
mod operation;
mod operations;
mod pace;
mod page;
mod pools;
mod problem;
mod ready;
mod reload;
mod router;
mod secured;
mod serve;
pub(crate) mod view;

pub use denied::Denied;
pub(super) use doctor::lint;
pub use guard::{Asker, Guard};
pub(crate) use ready::ready_to_replace;
pub use router::{Admin, router};
pub use secured::Secured;
pub use serve::{Door, Listener, serve};
