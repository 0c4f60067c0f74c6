//! One check of one backend, on a connection of its own.
//!
//! Never on a pooled connection: a check must find out whether a *new* connection works, must not take
//! one from traffic, and must not wait behind it. Nor does it continue a TLS session that a request
//! began: a certificate that has expired since would not be seen. Each check connects, asks, reads the
//! head of the answer, and of a health document no more than 16 KiB, and closes.

mod grpc;
mod http;
mod sockets;
mod stopped;

pub(in crate::control) use http::Driven;
pub use sockets::{Prober, Sockets};

/// What a failed handshake was, in words.
pub(in crate::control) fn tls_trouble(fault: soe503_core::ledger::Fault) -> String {
    stopped::Stopped::tls(fault).into_text()
}
