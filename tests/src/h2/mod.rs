//! HTTP/2 clients and backends that do as they are told, and gRPC as far as HTTP sees it.

mod backend;
mod client;
mod written;

pub use backend::H2Backend;
pub use client::{H2Client, grpc, message, trailer};
pub use written::{Pen, Written};
