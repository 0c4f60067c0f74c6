//! The fields of a head: one pass makes the header map and finds what the framing depends on.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use httparse::Header;

use crate::connection::{Connection, Options};
use crate::limits::HeadLimits;
use crate::refusal::Refusal;
use crate::value;

/// Fields that are parsed without the heap.
pub(crate) const FEW: usize = 64;

/// What one pass over the fields found.
pub(crate) struct Fields {
    pub(crate) map: HeaderMap,
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) host: bool,
    pub(crate) expect_continue: bool,
    options: Options,
    upgrade: bool,
    hop_by_hop: bool,
}

/// A copy of a head, and where in memory the original began, so that slices of the original become
/// shared slices of the copy.
pub(crate) struct Copy {
    bytes: Bytes,
    start: usize,
}

impl Copy {
    /// Copies `head`.
    pub(crate) fn new(head: &[u8]) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(head),
            start: head.as_ptr().addr(),
        }
    }

    /// The copy's part for `part`, a slice of the original.
    pub(crate) fn slice(&self, part: &[u8]) -> Bytes {
        let at = part.as_ptr().addr() - self.start;
        self.bytes.slice(at..at + part.len())
    }
}

/// Reads the fields. `REQUEST`: `Host` and `Expect` are looked at, and a repeated `Content-Length` is
/// refused; in a response an equal one is dropped.
pub(crate) fn read<const REQUEST: bool>(
    headers: &[Header<'_>],
    copy: &Copy,
    limits: &HeadLimits,
) -> Result<Fields, Refusal> {
    let mut fields = Fields {
        // Room for what a proxy adds.
        map: HeaderMap::try_with_capacity(headers.len() + 4)
            .map_err(|_| Refusal::TooManyHeaders)?,
        length: None,
        chunked: false,
        host: false,
        expect_continue: false,
        options: Options::default(),
        upgrade: false,
        hop_by_hop: false,
    };
    for field in headers {
        if fields.consume::<REQUEST>(field, limits)? {
            continue;
        }
        let name =
            HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Refusal::HeaderName)?;
        let value = HeaderValue::from_maybe_shared(copy.slice(field.value))
            .map_err(|_| Refusal::HeaderValue)?;
        fields
            .map
            .try_append(name, value)
            .map_err(|_| Refusal::TooManyHeaders)?;
    }
    if fields.chunked && fields.length.is_some() {
        return Err(Refusal::LengthAndCoding);
    }
    Ok(fields)
}

impl Fields {
    /// Looks at a field that means something here; `true` if it does not belong into the map.
    fn consume<const REQUEST: bool>(
        &mut self,
        field: &Header<'_>,
        limits: &HeadLimits,
    ) -> Result<bool, Refusal> {
        let name = field.name;
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            2 if is("te") => self.hop_by_hop = true,
            4 if REQUEST && is("host") => {
                if self.host {
                    return Err(Refusal::HostRepeated);
                }
                if !value::is_host(field.value) {
                    return Err(Refusal::Host);
                }
                self.host = true;
            }
            6 if REQUEST && is("expect") => {
                self.expect_continue = field.value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if is("upgrade") => {
                self.upgrade = true;
                self.hop_by_hop = true;
            }
            7 if is("trailer") => self.hop_by_hop = true,
            10 if is("connection") => {
                if !self.options.read(field.value, limits.max_headers) {
                    return Err(Refusal::TooManyHeaders);
                }
                return Ok(true);
            }
            10 if is("keep-alive") => self.hop_by_hop = true,
            14 if is("content-length") => return self.content_length::<REQUEST>(field.value),
            16 if is("proxy-connection") => self.hop_by_hop = true,
            17 if is("transfer-encoding") => {
                if self.chunked {
                    return Err(Refusal::CodingRepeated);
                }
                value::coding(field.value)?;
                self.chunked = true;
                return Ok(true);
            }
            18 if is("proxy-authenticate") => self.hop_by_hop = true,
            19 if is("proxy-authorization") => self.hop_by_hop = true,
            _ => {}
        }
        Ok(false)
    }

    fn content_length<const REQUEST: bool>(&mut self, value: &[u8]) -> Result<bool, Refusal> {
        if REQUEST {
            if self.length.is_some() || value.contains(&b',') {
                return Err(Refusal::ContentLengthRepeated);
            }
            self.length = Some(value::length(value).ok_or(Refusal::ContentLength)?);
            return Ok(false);
        }
        let list = value.contains(&b',');
        let seen = self.length.is_some();
        for number in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            let number = value::length(number).ok_or(Refusal::ContentLength)?;
            if self.length.is_some_and(|length| length != number) {
                return Err(Refusal::ContentLengthRepeated);
            }
            self.length = Some(number);
        }
        if list && let Some(length) = self.length {
            self.map
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(seen || list)
    }

    /// What the fields say about the connection.
    pub(crate) fn connection(&mut self, version: http::Version, until_close: bool) -> Connection {
        let options = std::mem::take(&mut self.options);
        let new = version == http::Version::HTTP_11;
        Connection {
            keep_alive: !options.close && !until_close && (new || options.keep_alive),
            upgrade: new && options.upgrade && self.upgrade,
            named: (!options.named.is_empty()).then(|| options.named.into_boxed_slice()),
            hop_by_hop: self.hop_by_hop,
        }
    }
}
