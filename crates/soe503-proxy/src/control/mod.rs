//! control
pub mod access_log;
pub mod admin;
pub mod check;
pub mod clock;
pub mod dns;
pub mod metrics;
pub mod recorder;
pub(crate) mod words;
