//! soe503-proxy

pub mod cli;
pub mod config;
