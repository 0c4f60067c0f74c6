//! What the comparisons in `benches/` are made of.
//!
//! - [`Backend`]: answers at once, so that it is not what is measured
//! - [`relay`], [`parse_and_relay`]: the floors, two proxies that do next to nothing
//! - [`websockets`], [`handshakes`]: clients for what `wrk` and `h2load` cannot do
//!
//! All of them run on one thread.

mod backend;
mod bare;
mod clients;
mod echo;
mod grpc;
mod relay;
mod requests;
mod tls;
mod websocket;

pub use backend::Backend;
pub use bare::parse_and_relay;
pub use clients::{Load, Tally};
pub use relay::{Backends, relay};
pub use tls::{client_config, handshakes};
pub use websocket::websockets;
