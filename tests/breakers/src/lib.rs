//! The same rows through soe503's circuit breaker and through those of other crates.
//!
//! `rows` is data, and `model` runs it. What comes out is a page,
//! [`crates/soe503/docs/breakers.md`](../../crates/soe503/docs/breakers.md), and a test that compares.

pub mod judge;
pub mod model;
pub mod page;
pub mod rivals;
pub mod rows;
pub mod soe503;
