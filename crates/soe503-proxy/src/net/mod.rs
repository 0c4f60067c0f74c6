//! The transport under HTTP: a TCP connection, with or without TLS.

mod stream;

pub use self::stream::Stream;
