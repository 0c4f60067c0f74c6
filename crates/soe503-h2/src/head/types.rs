//! What heads are to the crate's users.

use std::fmt;

use http::{HeaderMap, HeaderValue, Method, request, response};

/// A request's head.
#[derive(Debug)]
pub struct RequestHead {
    /// Method, target, fields. The version is HTTP/2, the target has origin form (path and query, or `*`),
    /// whatever the scheme; a CONNECT request's is `/`. `:authority` is the field `host`, and stands first.
    ///
    /// There are two `host` fields if the client sent one that differs from `:authority`, and none if it
    /// sent neither. Whether it is a host at all is the user's to check.
    pub parts: request::Parts,
    /// `:scheme` was `https`.
    pub scheme_https: bool,
    /// `content-length`, in bytes: below 2^63.
    pub length: Option<u64>,
    /// `:protocol` of an extended CONNECT request (RFC 8441 §4).
    pub protocol: Option<HeaderValue>,
}

/// A response's head.
#[derive(Debug)]
pub struct ResponseHead {
    /// Status and fields. The version is HTTP/2.
    pub parts: response::Parts,
    /// `content-length`, in bytes: below 2^63.
    pub length: Option<u64>,
}

/// Why a block that could be decoded is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadFault {
    /// It is malformed: a stream error of type PROTOCOL_ERROR (RFC 9113 §8.1.1).
    Malformed,
    /// Its fields, counted as RFC 9113 §6.5.2 does, are larger than the limit.
    TooLarge,
}

impl fmt::Display for HeadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the message is malformed (RFC 9113 §8.1.1)",
            Self::TooLarge => "the fields are larger than the limit",
        })
    }
}

impl std::error::Error for HeadFault {}

/// A request to be written.
#[derive(Clone, Copy, Debug)]
pub struct RequestOut<'a> {
    /// Any but CONNECT.
    pub method: &'a Method,
    /// `:scheme` is `https`, else `http`.
    pub https: bool,
    /// `:authority`; left out if it is empty.
    pub authority: &'a [u8],
    /// `:path`: path and query, or `*`.
    pub path: &'a [u8],
    /// The fields. `host`, `te`, and what concerns one HTTP/1 connection is not written.
    pub headers: &'a HeaderMap,
    /// `te: trailers` is written.
    pub te_trailers: bool,
    /// Written instead of the map's own `grpc-timeout`.
    pub grpc_timeout: Option<&'a HeaderValue>,
}
