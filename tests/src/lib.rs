//! What the end-to-end tests and the outage harness are made of.
//!
//! - [`http`]: an HTTP/1.1 client that shows every byte, and can be told to misbehave
//! - [`faulty`]: a backend that fails on command and counts executions by request id
//! - [`h2`]: HTTP/2 clients and backends, and gRPC as far as HTTP sees it
//! - [`load`]: an open-loop load generator that keeps every single result
//! - [`mod@bench`]: backend, clients and floors of the comparisons in `benches/`
//! - [`proxy`]: the real `soe503` and `lbctl` binaries, started, awaited and stopped
//!
//! The tests themselves are in `tests/tests/e2e/`; scenarios that need other servers are scripts in
//! `tests/outage/`.

pub mod bench;
pub mod faulty;
pub mod h2;
pub mod http;
pub mod load;
pub mod proxy;
