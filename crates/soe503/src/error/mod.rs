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

mod failure;
mod rejected;
mod request_body;

pub use failure::Failure;
pub use rejected::{Component, Rejected};
pub use request_body::RequestBodyError;

/// Any error that can cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The first `T` in the chain that starts at `error`.
///
/// An [`io::Error`](std::io::Error) made from another error hides that error from `source()`;
/// this walk looks inside.
pub(crate) fn find<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = below(error);
    }
    None
}

/// The next error of the chain.
pub(crate) fn below<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn std::error::Error + 'static)> {
    let hidden = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match hidden {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
