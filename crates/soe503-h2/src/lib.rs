//! HTTP/2 as bytes, without I/O: frames, header compression, heads, and the state of a connection.

mod frame;
mod head;
mod hpack;
mod session;
