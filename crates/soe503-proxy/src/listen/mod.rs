//! Where clients come in: sockets, connections, protocol versions, and how connections end.

mod accept;
mod bind;
pub(crate) mod date;
mod detect;
mod drain;
pub(crate) mod h1;
mod serve;
pub(crate) mod watch;

pub(crate) use accept::Acceptor;
pub(crate) use bind::bind;
pub use drain::Drain;
pub(crate) use serve::Server;
