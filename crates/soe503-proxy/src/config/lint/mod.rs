//! What is valid and still a trap: values that cannot do what they are there for, or that make each other useless.
//!
//! A config with a lint is used like any other. Each lint is one row of a table (`table`), in a file for its group, with the
//! key that it is about and the value to set. They are looked for once, when the file is read, so that whoever asks
//! later (`soe503 check`, `lbctl doctor`) is told the line of the file that is in force. What only traffic can tell is not here but
//! in [`soe503_core::advice`].
//!
//! Failure mode: a lint is silent. Where a value might be meant, it is left alone.

mod admin;
mod checks;
mod clients;
#[cfg(test)]
mod edge_tests;
mod found;
mod hit;
mod layers;
mod look;
mod page;
mod place;
mod pools;
mod protection;
mod retries;
mod round;
mod table;
#[cfg(test)]
mod tests;
mod timeouts;

pub use found::{Found, Lints};
pub use page::lints_page;
pub use table::{Lint, Severity};

pub(super) use found::lint;
pub(crate) use place::KeyPath;
