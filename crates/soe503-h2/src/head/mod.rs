//! Header blocks and what they mean.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, request, response};

/// A request's head.
#[derive(Debug)]
pub struct RequestHead {
    /// Method, target in origin form, version and fields; `:authority` is the field `host`.
    pub parts: request::Parts,
    /// Whether `:scheme` is `https`.
    pub scheme_https: bool,
    /// The length that `content-length` says.
    pub length: Option<u64>,
    /// `:protocol` of an extended CONNECT (RFC 8441 §4).
    pub protocol: Option<HeaderValue>,
}

/// A response's head.
#[derive(Debug)]
pub struct ResponseHead {
    /// Status, version and fields.
    pub parts: response::Parts,
    /// The length that `content-length` says.
    pub length: Option<u64>,
}

/// What is wrong with a head whose block could be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadFault {
    /// RFC 9113 §8.1.1.
    Malformed,
    /// The header list is larger than the limit.
    TooLarge,
}

/// A request's head to be written.
#[derive(Clone, Copy, Debug)]
pub struct RequestOut<'a> {
    /// `:method`.
    pub method: &'a Method,
    /// `:scheme` is `https`, else `http`.
    pub https: bool,
    /// `:authority`.
    pub authority: &'a [u8],
    /// `:path`.
    pub path: &'a [u8],
    /// The fields.
    pub headers: &'a HeaderMap,
    /// Whether `te: trailers` is written.
    pub te_trailers: bool,
    /// Replaces `grpc-timeout` of the fields.
    pub grpc_timeout: Option<&'a HeaderValue>,
}

/// The header compression is out of step.
#[derive(Debug)]
pub(crate) struct Compression;

#[derive(Debug)]
pub(crate) struct HeadDecoder {
    _list: u32,
}

impl HeadDecoder {
    pub(crate) fn new(_table: u32, max_list: u32) -> Self {
        Self { _list: max_list }
    }
    pub(crate) fn request(
        &mut self,
        _: &[u8],
    ) -> Result<Result<RequestHead, HeadFault>, Compression> {
        Err(Compression)
    }
    pub(crate) fn response(
        &mut self,
        _: &[u8],
    ) -> Result<Result<ResponseHead, HeadFault>, Compression> {
        Err(Compression)
    }
    pub(crate) fn trailers(
        &mut self,
        _: &[u8],
    ) -> Result<Result<HeaderMap, HeadFault>, Compression> {
        Err(Compression)
    }
    pub(crate) fn skip(&mut self, _: &[u8]) -> Result<(), Compression> {
        Err(Compression)
    }
}

#[derive(Debug)]
pub(crate) struct HeadEncoder(Bytes);

impl HeadEncoder {
    pub(crate) fn new() -> Self {
        Self(Bytes::new())
    }
    pub(crate) fn set_table(&mut self, _: u32) {}
    pub(crate) fn request(&mut self, _: &mut Vec<u8>, _: &RequestOut<'_>) {}
    pub(crate) fn response(
        &mut self,
        _: &mut Vec<u8>,
        _: StatusCode,
        _: &HeaderMap,
        _: Option<&[u8]>,
    ) {
    }
    pub(crate) fn trailers(&mut self, _: &mut Vec<u8>, _: &HeaderMap) {}
}
