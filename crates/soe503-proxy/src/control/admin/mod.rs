//! admin
pub mod guard;
