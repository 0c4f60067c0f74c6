//! The wrapper over real sockets: misbehaving backends, a Pingora proxy, a client.

mod answers;
mod backoff;
mod bodies;
mod config;
mod inside;
mod pool;
mod replay;
mod support;
