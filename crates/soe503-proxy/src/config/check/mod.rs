//! `soe503 check`: is this config valid, and do its backends answer?
//!
//! With `--connect`, names are resolved and backends are tried with the very resolver and prober
//! that the running proxy uses, so that what is good here is good there. Nothing is started and
//! no request of a client is involved.

mod connect;
mod json;
mod run;
mod table;

pub use connect::{Finding, connect};
pub use run::run;
pub use table::table;
