//! The fields of a head: one pass makes the header map and finds what the framing depends on.

use std::ops::Range;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::connection::{Connection, Options};
use crate::names::{self, Kind};
use crate::refusal::Refusal;
use crate::{lines, scan, value};

/// The lines of a head, and a copy of it that the header values share.
pub(crate) struct Source<'a> {
    /// The bytes as the caller holds them.
    pub(crate) bytes: &'a [u8],
    /// A copy of a part of them.
    pub(crate) copy: Bytes,
    /// Where the copied part begins.
    pub(crate) start: usize,
    /// The LF of the start line, and of each field's line.
    pub(crate) ends: &'a [u32],
    /// The most fields that `Connection` may name.
    pub(crate) most: usize,
}

/// What one pass over the fields found, beside the map.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) host: bool,
    pub(crate) expect_continue: bool,
    options: Options,
    upgrade: bool,
    hop_by_hop: bool,
    pub(crate) explains: bool,
}

/// A copy of `bytes` that is cheap to share from the first time on.
pub(crate) fn copy(bytes: &[u8]) -> Bytes {
    // A vector without room to spare would become shared at the first slice only, which makes each
    // slice ask.
    let mut copy = Vec::with_capacity(bytes.len() + 1);
    copy.extend_from_slice(bytes);
    Bytes::from(copy)
}

impl Source<'_> {
    /// The copy's part for a part of the original.
    #[inline]
    pub(crate) fn share(&self, part: Range<usize>) -> Bytes {
        self.copy
            .slice(part.start - self.start..part.end - self.start)
    }
}

/// Reads the fields into `map`. `REQUEST`: `Host` and `Expect` are looked at, and a repeated
/// `Content-Length` is refused; in a response an equal one is dropped.
#[inline]
pub(crate) fn read<const REQUEST: bool>(
    source: &Source<'_>,
    map: &mut HeaderMap,
) -> Result<Fields, Refusal> {
    // Room for what a proxy adds.
    *map =
        HeaderMap::try_with_capacity(source.ends.len() + 3).map_err(|_| Refusal::TooManyHeaders)?;
    let mut fields = Fields::default();
    for ends in source.ends.windows(2) {
        let line = lines::line(source.bytes, ends[0] as usize + 1, ends[1] as usize);
        let (name, value) = split(source.bytes, line)?;
        let name = match names::find(name) {
            None => {
                let name = other_name(name)?;
                fields.explains |= !REQUEST && explains(name.as_str().as_bytes());
                name
            }
            Some(entry) => {
                if entry.kind != Kind::Plain {
                    let value = &source.bytes[value.clone()];
                    if fields.consume::<REQUEST>(entry.kind, value, source.most, map)? {
                        continue;
                    }
                }
                entry.name.clone()
            }
        };
        let Ok(value) = HeaderValue::from_maybe_shared(source.share(value)) else {
            return Err(Refusal::HeaderValue);
        };
        if map.try_append(name, value).is_err() {
            return Err(Refusal::TooManyHeaders);
        }
    }
    if fields.chunked && fields.length.is_some() {
        return Err(Refusal::LengthAndCoding);
    }
    Ok(fields)
}

/// A field line's name, and where its value stands, without white space around it.
#[inline(always)]
pub(crate) fn split(bytes: &[u8], line: Range<usize>) -> Result<(&[u8], Range<usize>), Refusal> {
    let text = &bytes[line.clone()];
    let Some(colon) = scan::find(text, b':') else {
        return Err(bad_name(text));
    };
    let mut from = colon + 1;
    let mut to = text.len();
    while from < to && is_space(text[from]) {
        from += 1;
    }
    while from < to && is_space(text[to - 1]) {
        to -= 1;
    }
    Ok((&text[..colon], line.start + from..line.start + to))
}

/// A name that is not in the table: its bytes are checked, and it is allocated.
#[inline(never)]
pub(crate) fn other_name(name: &[u8]) -> Result<HeaderName, Refusal> {
    HeaderName::from_bytes(name).map_err(|_| bad_name(name))
}

/// Whether the field `name`, in small letters, is one with which proxies of this family explain a failure.
#[inline]
pub(crate) fn explains(name: &[u8]) -> bool {
    name.starts_with(b"soe-") || matches!(name, b"x-error-code" | b"x-soe-degraded")
}

/// The line has no colon, or what stands before it is no name.
#[cold]
fn bad_name(name: &[u8]) -> Refusal {
    if name.first().is_some_and(|&byte| is_space(byte)) {
        Refusal::ObsFold
    } else {
        Refusal::HeaderName
    }
}

/// The white space of RFC 9110 §5.6.3.
fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

impl Fields {
    /// Looks at a field that means something here; `true` if it does not belong into the map.
    fn consume<const REQUEST: bool>(
        &mut self,
        kind: Kind,
        value: &[u8],
        most: usize,
        map: &mut HeaderMap,
    ) -> Result<bool, Refusal> {
        match kind {
            Kind::Plain => {}
            Kind::Host if REQUEST => {
                if self.host {
                    return Err(Refusal::HostRepeated);
                }
                if !value::is_host(value) {
                    return Err(Refusal::Host);
                }
                self.host = true;
            }
            Kind::Expect if REQUEST => {
                self.expect_continue = value.eq_ignore_ascii_case(b"100-continue");
            }
            Kind::Host | Kind::Expect => {}
            Kind::Connection | Kind::TransferEncoding => {
                self.connection_specific(kind, value, most)?;
                return Ok(true);
            }
            Kind::ContentLength if REQUEST => {
                if self.length.is_some() || value.contains(&b',') {
                    return Err(Refusal::ContentLengthRepeated);
                }
                self.length = Some(value::length(value).ok_or(Refusal::ContentLength)?);
            }
            Kind::ContentLength => return self.content_length(value, map),
            Kind::Upgrade => {
                self.upgrade = true;
                self.hop_by_hop = true;
            }
            Kind::HopByHop => self.hop_by_hop = true,
        }
        Ok(false)
    }

    /// `Connection` or `Transfer-Encoding`, which are never passed on.
    #[inline]
    pub(crate) fn connection_specific(
        &mut self,
        kind: Kind,
        value: &[u8],
        most: usize,
    ) -> Result<(), Refusal> {
        if kind == Kind::Connection {
            return self.options.read(value, most);
        }
        if self.chunked {
            return Err(Refusal::CodingRepeated);
        }
        value::coding(value)?;
        self.chunked = true;
        Ok(())
    }

    /// `Connection` names fields, which are to be removed, or another protocol.
    pub(crate) fn names_others(&self) -> bool {
        self.options.upgrade || !self.options.named.is_empty()
    }

    /// `Content-Length` of a response: repeated ones are one if they are equal (RFC 9110 §8.6).
    fn content_length(&mut self, value: &[u8], map: &mut HeaderMap) -> Result<bool, Refusal> {
        if self.length.is_none()
            && let Some(length) = value::length(value)
        {
            self.length = Some(length);
            return Ok(false);
        }
        let first = self.length.is_none();
        for number in value.split(|&byte| byte == b',').map(value::trim) {
            let number = value::length(number).ok_or(Refusal::ContentLength)?;
            if self.length.is_some_and(|length| length != number) {
                return Err(Refusal::ContentLengthRepeated);
            }
            self.length = Some(number);
        }
        if first && let Some(length) = self.length {
            map.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(true)
    }

    /// What the fields say about the connection.
    #[inline]
    pub(crate) fn connection(&mut self, version: http::Version, until_close: bool) -> Connection {
        let new = version == http::Version::HTTP_11;
        let options = &mut self.options;
        let named = std::mem::take(&mut options.named);
        Connection {
            keep_alive: !options.close && !until_close && (new || options.keep_alive),
            upgrade: new && options.upgrade && self.upgrade,
            named: (!named.is_empty()).then(|| named.into_boxed_slice()),
            hop_by_hop: self.hop_by_hop,
        }
    }
}
