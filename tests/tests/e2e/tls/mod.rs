//! TLS both ways, through the real binary.

pub(crate) mod backends;
pub(crate) mod clients;
mod h2;
mod listener;
mod reload;
pub(crate) mod support;
mod upstream;
