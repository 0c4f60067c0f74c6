//! HTTP/2 as bytes, without I/O: frames, header compression, heads, and the state of a connection.

mod code;
mod frame;
mod head;
mod hpack;
mod session;

pub use code::Code;
pub use head::{HeadFault, RequestHead, RequestOut, ResponseHead};
pub use session::{By, Event, Options, Session, StreamId, Violation};
