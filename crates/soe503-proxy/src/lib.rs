//! The soe503 reverse proxy: keeps requests succeeding while backends fail, and tags and explains
//! those it cannot save.
//!
//! This crate is the binary `soe503`; the library exists for its own tests and tools, and makes no
//! promise of stability. Reading order: [`run`] puts everything together, [`config`] says what can
//! be told, `listen`, `front` and [`upstream`] are a request's way in and out, `net` and [`tls`] they stand on, [`handover`] how sockets outlive a process, [`control`] is is
//! everything that is not on that way, [`state`] is what the two share, and [`journal`] is what outlives them.

mod aside;
pub mod cli;
pub mod commands;
pub mod config;
mod config_file;
pub mod control;
pub mod demo;
mod fixed;
mod front;
pub mod handover;
pub mod journal;
pub mod listen;
mod net;
pub mod opening;
pub mod run;
mod run_errors;
pub mod signals;
mod stamp;
pub mod state;
pub mod tls;
pub mod traces;
pub mod upstream;
mod worker;
