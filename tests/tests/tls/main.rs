//! TLS both ways, through the real binary.

mod backends;
mod clients;
mod listener;
mod reload;
mod support;
mod upstream;
