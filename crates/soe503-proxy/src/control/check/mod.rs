//! Looking after backends without waiting for a request to suffer.
//!
//! Four watchers, all in the background and on connections of their own:
//!
//! - **Checks** ([`run`]): what the operator configured, per backend: HTTP, gRPC's health protocol, TLS,
//!   TCP. The core's [`Checker`](soe503_core::health::Checker) decides when the next one is due and what a
//!   run of results means; here they are made. Checks start at a random point of their interval, are jittered, and share one bound
//!   on how many run at once in the process, so that a thousand backends are not a storm (row 21).
//! - **Recovery** ([`watch_recovery`]): a TCP connect about once a second to each backend that was
//!   ejected because connecting failed. When it works, the ejection becomes due for its probe at
//!   once. Connecting is the very thing that failed, so a success is proof of the right kind. A
//!   backend ejected for its answers is left alone: a listening port proves nothing about those (row 14).
//! - **Open circuits** ([`watch_circuit`]): connects to the backends of a circuit that broken
//!   connections opened, at once and with growing pauses. A dying process breaks its connections off
//!   while its port still accepts; that it refuses a moment later is the root that refusals must name.
//! - **Paths** ([`seek_paths`]): where a check is found to be broken, the usual paths are asked for, one a second, so
//!   that the incident names one that answers.
//!
//! Failure mode: a check that asks for the wrong thing condemns good backends. That is not decided
//! here; the pool holds what checks say against what requests show, and stops believing checks that
//! condemn too many.

mod circuit;
mod paths;
mod patients;
mod probe;
mod recovery;
mod run;

pub use circuit::watch_circuit;
pub use paths::seek_paths;
pub(in crate::control) use probe::{Driven, tls_trouble};
pub use probe::{Prober, Sockets};
pub use recovery::watch_recovery;
pub use run::{Checked, Limits, Patients, run};
