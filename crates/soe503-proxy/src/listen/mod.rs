//! Where clients come in: sockets, connections, protocol versions, and how connections end.

mod accept;
mod bind;
mod detect;
mod drain;
mod serve;
pub(crate) mod watch;

pub(crate) use accept::Acceptor;
pub(crate) use bind::bind;
pub use drain::Drain;
pub(crate) use serve::Server;
