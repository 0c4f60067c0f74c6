//! Heads and trailer sections: header blocks to and from the types of [`http`].
//!
//! What RFC 9113 §8 calls malformed is found here, field by field as the block is decoded, and nothing
//! is looked at twice. The first fault counts; the rest of the block is decoded for the table's sake and
//! makes nothing.

mod decoder;
mod encoder;
mod fields;
mod request;
mod response;
mod trailers;
mod types;

pub(crate) use decoder::HeadDecoder;
pub(crate) use encoder::HeadEncoder;
pub use types::{HeadFault, RequestHead, RequestOut, ResponseHead};
