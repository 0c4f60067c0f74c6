//! What the layers fail with.
//!
//! Every layer takes inner errors that convert into a [`BoxError`] and fails with one, as tower's
//! own layers do: nesting error enums once per layer helps nobody. Two public types are in the
//! chain, found by walking `source()` with their `find`:
//!
//! - [`Rejected`]: a decision of ours, before or instead of an attempt: open circuit, limit, no
//!   backend. It says which component, why, and when to come back.
//! - [`Failure`]: attempts were made; it carries their [`Ledger`](soe503_core::ledger::Ledger).
//!
//! A service below ours that knows more than its error's type tells (bytes sent, TLS alert, DNS
//! code) fails with a [`Failure`] of one attempt, and the facts reach the diagnosis.

mod chain;
mod failure;
mod rejected;
mod request_body;

pub use chain::BoxError;
pub(crate) use chain::{below, find};
pub use failure::Failure;
pub use rejected::{Component, Rejected};
pub use request_body::RequestBodyError;
