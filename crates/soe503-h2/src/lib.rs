//! HTTP/2 as bytes, without I/O: frames, header compression, heads, and the state of a connection.
//!
//! A [`Session`] is one connection, seen from either side. It is handed the bytes that came and hands back
//! [`Event`]s; it is told what to send, and holds the bytes until a socket takes them. Sockets, time, and what
//! is done with a request are the caller's. It is made for a proxy, where many streams share one task and one
//! write, and where a stranger is at the other end.
//!
//! | what | how |
//! | --- | --- |
//! | what came | [`Session::receive`], then [`Session::next_event`] until there is none |
//! | a request, a response | [`Session::open`], [`Session::respond`] |
//! | a body | [`Session::send_data`], again at [`Event::Writable`]; [`Session::send_trailers`] |
//! | back-pressure | [`Session::release`] when data was passed on |
//! | what a caller knows of a stream | [`Session::insert`], [`Session::get_mut`], back with [`Session::forget`] or [`Session::reset`] |
//! | the end | [`Session::shutdown`], [`Session::is_over`] |
//! | bytes for the socket | [`Session::queued`], [`Session::sent`] |
//!
//! ```
//! use http::{HeaderMap, Method, StatusCode};
//! use soe503_h2::{Event, Options, RequestOut, Session};
//!
//! let mut client = Session::client(&Options::default());
//! let mut server = Session::server(&Options::default());
//!
//! let head = RequestOut {
//!     method: &Method::GET,
//!     https: false,
//!     authority: b"a.example",
//!     path: b"/b",
//!     headers: &HeaderMap::new(),
//!     te_trailers: false,
//!     grpc_timeout: None,
//! };
//! let asked = client.open(&head, true, "what the client keeps").expect("there is room");
//! server.receive(client.queued()).expect("a client of ours keeps to the rules");
//! client.sent(client.queued().len());
//!
//! let Some(Event::Request { stream, head, end: true }) = server.next_event() else {
//!     panic!("it came");
//! };
//! assert_eq!(head.parts.uri.path(), "/b");
//! assert_eq!(head.parts.headers["host"], "a.example");
//! server.insert(stream, "what the server keeps");
//! server.respond(stream, StatusCode::NO_CONTENT, &HeaderMap::new(), None, true);
//! assert_eq!(server.forget(stream), Some("what the server keeps"));
//!
//! client.receive(server.queued()).expect("and so does a server");
//! assert!(matches!(client.next_event(), Some(Event::Streams)));
//! assert!(matches!(client.next_event(), Some(Event::Response { stream, end: true, .. }) if stream == asked));
//! ```
//!
//! # Strictness
//!
//! A message that RFC 9113 calls malformed is none: its stream ends before a caller hears of it, as another
//! server might read it otherwise. What is deprecated or unknown is ignored. An error of a stream ends that one
//! alone, where the connection's state is certain.
//!
//! | what comes | what becomes of it | by |
//! | --- | --- | --- |
//! | another beginning than the preface and SETTINGS | PROTOCOL_ERROR, connection | §3.4 |
//! | a frame above the largest size, or of a wrong one | FRAME_SIZE_ERROR, connection | §4.2 |
//! | a header block that does not decode | COMPRESSION_ERROR, connection | §4.3 |
//! | frames on idle or even streams, or on stream 0 and not on it where the type says otherwise | PROTOCOL_ERROR, connection | §5.1, §6 |
//! | DATA or HEADERS after END_STREAM | STREAM_CLOSED, stream | §5.1 |
//! | HEADERS of a stream that a client passed over, or closed long ago | STREAM_CLOSED, connection | §5.1.1 |
//! | frames of a stream that this side reset a short time ago | decoded, counted, dropped | §5.1 |
//! | more streams than allowed | REFUSED_STREAM, stream | §5.1.2 |
//! | data beyond a window | FLOW_CONTROL_ERROR, stream or connection | §6.9 |
//! | a window that grows by 0 | PROTOCOL_ERROR, stream or connection | §6.9 |
//! | a window above 2^31 - 1, also by SETTINGS | FLOW_CONTROL_ERROR, stream or connection | §6.9.1, §6.9.2 |
//! | another frame within a header block | PROTOCOL_ERROR, connection | §6.10 |
//! | PUSH_PROMISE | PROTOCOL_ERROR, connection | §6.6, §8.4 |
//! | more or less data than `content-length`; any in answer to HEAD, with 204 or 304 | PROTOCOL_ERROR, stream | §8.1.1 |
//! | an interim response that ends its stream; 101 | PROTOCOL_ERROR, stream | §8.1, §8.6 |
//! | upper-case names, invalid values, connection-specific fields, wrong pseudo-fields | PROTOCOL_ERROR, stream | §8.2, §8.3 |
//! | a request's head above the limit | answered with 431 | RFC 6585 §5 |
//! | a response's head above the limit, or trailers | ENHANCE_YOUR_CALM, stream | §10.5.1 |
//! | priorities, unknown frames, unknown settings | ignored | §5.3.2, §5.5 |
//!
//! # Limits
//!
//! [`Options`] bound streams, windows, frames and header lists. Beyond them the session counts what costs more
//! to answer or to keep than to send, and ends the connection with ENHANCE_YOUR_CALM (§10.5). It has no clock:
//! what honest peers do beside it pays for it.
//!
//! | what | how many | what pays back |
//! | --- | --- | --- |
//! | streams that the peer resets before they are answered, or that are reset because of it | 1,000 | a stream that ends as it should pays for four |
//! | frames without consequence (PRIORITY, WINDOW_UPDATE, unknown; empty DATA and interim responses count twenty) | 20,000 | any message that goes on |
//! | PING and SETTINGS whose answers are not read | 10,000 | the buffer being empty |
//! | pieces of a body that wait to be released | 10,000, and one for each 512 bytes | their release |
//! | CONTINUATION frames, and their bytes | those of twice the header list, and eight | |
//! | streams closed by the peer that the caller has not forgotten | 1,000 beyond the limit | forgetting them |
//!
//! A caller stops reading while much is queued; a session adds no more than a few times what it was given.
//! What a caller queues as data stops at 64 KiB; streams that wait for that take turns.
//!
//! The outcome never depends on how bytes were cut into reads.
//!
//! # Cost
//!
//! Frames that came whole are read where they are, and data is copied once. A frame in pieces is kept in a buffer
//! of its size, which becomes its data. Header fields are taken from the decoder's table as they are, without
//! allocation; the others of a block share one. Streams stand in a slab with a sorted index, as identifiers only grow.
//! Buffers that are empty are given back, so that an idle connection is its tables and little more.
//! There is no unsafe code.

mod code;
mod frame;
mod head;
mod hpack;
mod session;

pub use code::Code;
pub use head::{HeadFault, RequestHead, RequestOut, ResponseHead};
pub use session::{By, Event, Options, Session, StreamId, Violation};
