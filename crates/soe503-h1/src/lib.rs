//! HTTP/1 as bytes, without I/O: heads are parsed, bodies taken out of their framing, both written.
//!
//! The crate is handed bytes and hands back what they mean, or the bytes to send. Sockets, time and the
//! order of messages on a connection are the caller's. It is made for a proxy, which reads messages that
//! another server will read again, so that it has two duties: to cost little, and to leave no doubt.
//!
//! | what | how |
//! | --- | --- |
//! | a request's head | [`parse_request`] → [`RequestHead`], or a [`Refusal`] with its status |
//! | a response's head | [`parse_response`] → [`ResponseHead`], or a [`ResponseFault`] |
//! | a body | [`Decoder`], step by step, or a [`BodyFault`] |
//! | a response's head, to be passed on | [`parse_plain_response`], [`write_plain_response_head`] |
//! | writing | [`write_request_head`], [`write_response_head`], [`write_chunk_head`], [`write_last_chunk`] |
//!
//! ```
//! use soe503_h1::{BodyLength, Decoder, HeadLimits, Step, parse_request};
//!
//! let limits = HeadLimits { max_bytes: 65_536, max_headers: 100, max_target: 8_192 };
//! let bytes = b"POST /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
//! let head = parse_request(bytes, &limits).expect("it is well-formed").expect("it is complete");
//! assert_eq!(head.parts.uri.path(), "/a");
//! assert_eq!(head.body, BodyLength::Chunked);
//!
//! let mut body = Decoder::new(head.body);
//! let mut rest = bytes::Bytes::copy_from_slice(&bytes[head.len..]);
//! assert!(matches!(body.decode(&mut rest), Ok(Step::Data(data)) if data == "abc"));
//! assert!(matches!(body.decode(&mut rest), Ok(Step::End)));
//! ```
//!
//! # Strictness
//!
//! Requests are smuggled where two servers disagree about where a message ends, or to whom it goes. A
//! proxy that repairs what is ambiguous has chosen one reading and hopes that the next server chooses the
//! same. This crate refuses instead: a message's end is certain, or there is no message. What is
//! passed on is written anew from what was understood, never as it came, and the fields that frame it are
//! never taken from the map.
//!
//! | what comes | what becomes of it | by |
//! | --- | --- | --- |
//! | `Content-Length` beside `Transfer-Encoding` | refused | RFC 9112 §6.3 |
//! | `Content-Length` twice or as a list, in a request even if equal | refused | RFC 9110 §8.6 |
//! | a length with a sign, in hexadecimal, of 2^63 or more, of 20 digits or more | refused | RFC 9112 §6.3 |
//! | `Transfer-Encoding` other than exactly one `chunked`; any on HTTP/1.0 | refused | RFC 9112 §6.1 |
//! | white space before a field's colon; folded lines | refused | RFC 9112 §5.1, §5.2 |
//! | NUL, CR and other control characters in values, the consumed ones as well | refused | RFC 9110 §5.5 |
//! | no `Host` in HTTP/1.1, several, an empty one, or no `host[:port]` | refused | RFC 9112 §3.2 |
//! | a target with a fragment, a user, another scheme, a byte above ASCII | refused | RFC 9112 §3.2 |
//! | more than one space in the request line, or a tab | refused | RFC 9112 §3 |
//! | more than four empty lines before a request; any before a response | refused | RFC 9112 §2.2 |
//! | LF without CR, or CR without LF, in chunk framing | refused | RFC 9112 §7.1 |
//! | a chunk size with a sign, a space, `0x` or more than 16 digits | refused | RFC 9112 §7.1 |
//! | chunk extensions | dropped, up to 4 KiB for a chunk and 16 KiB for a body | RFC 9112 §7.1.1 |
//! | framing, routing and other fields that do not belong into a trailer section | dropped | RFC 9110 §6.5.1 |
//! | `Host` that differs from the authority of an absolute target | the target counts | RFC 9112 §3.2.2 |
//! | equal `Content-Length` fields in a response | made one | RFC 9110 §8.6 |
//! | LF alone as a line's end in a head | taken for CRLF | RFC 9112 §2.2 |
//!
//! The last row is a tolerance that every server in wide use has, and that old scripts rely on. It is
//! harmless here: no other byte is taken for a line's end, and what is written ends its lines in CRLF.
//! In chunk framing there are no old scripts, and servers do disagree about it, so that it is refused.
//!
//! # Limits
//!
//! [`HeadLimits`] hold while a head is incomplete. A head is bounded by its bytes, fields and target;
//! what `Connection` names by 32; a trailer section by 16 KiB and 64 fields; a chunk's line by its digits and
//! extensions. A decoder keeps a trailer section until it is complete, and nothing else.
//!
//! The outcome never depends on how bytes were cut into reads. A head that comes in many small reads is
//! looked through again each time: [`HeadLimits::worth_parsing`] says when that can be left out.
//!
//! # Cost
//!
//! One pass finds the lines, eight bytes at a time; a head that is incomplete costs no more than that. A
//! second one makes the map: the head is copied once, and all values and the target are slices of the copy.
//! The names that are usual are found in a table, without allocation. Characters are checked where the types
//! of [`http`] do so anyhow, and nowhere twice. Data of a body is not copied. There is no unsafe code.

mod connection;
mod decoder;
mod encoder;
mod fault;
mod fields;
mod limits;
mod lines;
mod names;
mod plain;
mod refusal;
mod request;
mod response;
mod scan;
mod value;

pub use connection::Connection;
pub use decoder::{Decoder, Step};
pub use encoder::{
    CHUNK_END, ConnectionOut, write_chunk_head, write_last_chunk, write_plain_response_head,
    write_request_head, write_response_head,
};
pub use fault::{BodyFault, ResponseFault};
pub use limits::{BodyLength, HeadLimits};
pub use plain::Written;
pub use refusal::Refusal;
pub use request::{RequestHead, parse_request};
pub use response::{ResponseHead, parse_plain_response, parse_response};
pub use value::is_host;
