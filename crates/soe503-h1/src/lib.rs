//! HTTP/1 as bytes, without I/O.

mod connection;
mod decoder;
mod encoder;
mod fault;
mod fields;
mod limits;
mod refusal;
mod request;
mod response;
mod value;

pub use connection::Connection;
pub use decoder::{Decoder, Step};
pub use encoder::{
    CHUNK_END, ConnectionOut, write_chunk_head, write_last_chunk, write_request_head,
    write_response_head,
};
pub use fault::{BodyFault, ResponseFault};
pub use limits::{BodyLength, HeadLimits};
pub use refusal::Refusal;
pub use request::{RequestHead, parse_request};
pub use response::{ResponseHead, parse_response};
