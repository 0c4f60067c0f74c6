//! Where clients come in: sockets, connections, protocol versions, and how connections end.

mod accept;
mod admit;
mod bind;
mod close;
pub(crate) mod date;
mod detect;
mod drain;
pub(crate) mod h1;
pub(crate) mod h2;
mod linger;
mod per_client;
mod proxy_header;
mod serve;
mod spares;
pub(crate) mod watch;
mod watched;

pub(crate) use accept::Acceptor;
pub(crate) use admit::{Admission, Admitted, Refused};
pub(crate) use bind::bind;
pub use drain::Drain;
pub(crate) use per_client::Seat;
pub(crate) use serve::Server;
pub(crate) use spares::Spares;
