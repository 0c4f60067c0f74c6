//! TLS both ways, through the real binary.

mod backends;
mod clients;
mod h2;
mod listener;
mod reload;
mod support;
mod upstream;
