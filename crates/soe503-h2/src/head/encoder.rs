//! From heads to header blocks.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::types::RequestOut;
use crate::hpack::{Encoder, Named, Policy};

/// A connection's encoder. What it has written must be sent, in its order.
#[derive(Debug)]
pub(crate) struct HeadEncoder {
    encoder: Encoder,
}

// Names' places in the static table (RFC 7541, appendix A).
const AUTHORITY: u8 = 1;
const METHOD: u8 = 2;
const POST: u8 = 3;
const PATH: u8 = 4;
const INDEX_HTML: u8 = 5;
const HTTP: u8 = 6;
const HTTPS: u8 = 7;
const STATUS: u8 = 8;
const DATE: u8 = 33;

impl HeadEncoder {
    /// It uses a table of 4,096 bytes, until the peer's settings say less.
    pub(crate) const fn new() -> Self {
        Self {
            encoder: Encoder::new(),
        }
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE, in bytes.
    pub(crate) fn set_table(&mut self, max: u32) {
        self.encoder.set_table(max);
    }

    /// Appends a request's block.
    pub(crate) fn request(&mut self, out: &mut Vec<u8>, head: &RequestOut<'_>) {
        let encoder = &mut self.encoder;
        encoder.begin(out);
        match *head.method {
            Method::GET => encoder.indexed(out, METHOD),
            Method::POST => encoder.indexed(out, POST),
            ref method => encoder.repeating(out, METHOD, b":method", method.as_str().as_bytes()),
        }
        encoder.indexed(out, if head.https { HTTPS } else { HTTP });
        if !head.authority.is_empty() {
            encoder.repeating(out, AUTHORITY, b":authority", head.authority);
        }
        match head.path {
            b"/" => encoder.indexed(out, PATH),
            b"/index.html" => encoder.indexed(out, INDEX_HTML),
            path => encoder.literal(out, PATH, path),
        }
        for (name, value) in head.headers {
            let name = Named::new(name);
            match name.policy() {
                Policy::Omit => {}
                Policy::Deadline if head.grpc_timeout.is_some() => {}
                _ => encoder.field(out, &name, value),
            }
        }
        if let Some(value) = head.grpc_timeout {
            self.single(out, &GRPC_TIMEOUT, value);
        }
        if head.te_trailers {
            self.encoder.repeating(out, 0, b"te", b"trailers");
        }
    }

    /// Appends a response's block. `date` is written if the map has none.
    pub(crate) fn response(
        &mut self,
        out: &mut Vec<u8>,
        status: StatusCode,
        headers: &HeaderMap,
        date: Option<&[u8]>,
    ) {
        let encoder = &mut self.encoder;
        encoder.begin(out);
        match status.as_u16() {
            200 => encoder.indexed(out, STATUS),
            204 => encoder.indexed(out, 9),
            206 => encoder.indexed(out, 10),
            304 => encoder.indexed(out, 11),
            400 => encoder.indexed(out, 12),
            404 => encoder.indexed(out, 13),
            500 => encoder.indexed(out, 14),
            _ => encoder.repeating(out, STATUS, b":status", status.as_str().as_bytes()),
        }
        let mut dated = false;
        for (name, value) in headers {
            let name = Named::new(name);
            match name.policy() {
                Policy::Omit => continue,
                Policy::Date => dated = true,
                _ => {}
            }
            encoder.field(out, &name, value);
        }
        if let Some(date) = date
            && !dated
        {
            encoder.repeating(out, DATE, b"date", date);
        }
    }

    /// Appends a trailer section's block.
    pub(crate) fn trailers(&mut self, out: &mut Vec<u8>, headers: &HeaderMap) {
        self.encoder.begin(out);
        for (name, value) in headers {
            self.single(out, name, value);
        }
    }

    fn single(&mut self, out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
        let name = Named::new(name);
        if name.policy() != Policy::Omit {
            self.encoder.field(out, &name, value);
        }
    }
}

static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

#[cfg(test)]
#[path = "encoder_tests.rs"]
mod tests;
