//! HTTP/2 as bytes, without I/O: frames, header compression, heads, and the state of a connection.

mod frame;
#[allow(dead_code, unused_imports)] // Until the session uses it.
mod head;
#[allow(dead_code, unused_imports)] // Until the session uses it.
mod hpack;
mod session;

pub use head::{HeadFault, RequestHead, RequestOut, ResponseHead};
