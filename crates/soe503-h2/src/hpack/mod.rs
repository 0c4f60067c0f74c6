//! Header compression (RFC 7541).
//!
//! The dynamic tables hold what their users need, not text. An entry of the decoder's is a field that has
//! been checked and made (a header name and value, a method, a path): a field that comes as an index costs a
//! clone. The encoder's hold text, and are searched by hash.
//!
//! A block is read in two steps. The first one takes integers and strings apart and puts all strings into
//! one buffer, Huffman codes decoded; the second one makes fields whose values are slices of that buffer. So
//! the values of a message share one allocation, as they do in HTTP/1.
//!
//! A field that is not allowed in HTTP is none of this layer's business: it is handed on as
//! [`Field::Malformed`], and takes its room in the table. The only error is [`Compression`], after which
//! the two tables differ and the connection is of no use.
//!
//! Nothing is written with Huffman codes. They would save about a quarter of the text of a connection's
//! first message and of what is never indexed, and cost more instructions than everything else about a
//! field.

mod decoder;
mod encoder;
mod field;
mod huffman;
mod integer;
mod names;
mod recent;
mod static_table;
mod table;

pub(crate) use decoder::{Compression, Decoder, Sink};
pub(crate) use encoder::Encoder;
pub(crate) use field::Field;
pub(crate) use names::{Kind, Named, Policy};
