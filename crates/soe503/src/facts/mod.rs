//! From an error to the facts it proves.
//!
//! Services below fail with types of their own. What can be read from them without matching on
//! text is read here: our own [`Failure`](crate::Failure) and [`Rejected`](crate::Rejected), the errno of an
//! [`io::Error`](std::io::Error) anywhere in the chain, tokio's elapsed timer, a broken request
//! body. So a plain hyper or reqwest client inside gets right causes for everything the operating
//! system reported; what an error type keeps to itself becomes [`Fault::Opaque`](soe503_core::ledger::Fault::Opaque).

mod answer;
mod errno;
mod error;

pub use answer::{answered, of_proxy, of_stranger};
pub use error::{attempt, from_error};
pub(crate) use error::{broken_body, timed_out};

#[cfg(test)]
mod tests;
