//! soe503-proxy

pub mod cli;
pub mod config;
pub mod control;
pub mod state;
