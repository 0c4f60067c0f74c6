//! What the fields of all messages have in common: limits, rules, and the map.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::types::HeadFault;
use crate::hpack::Kind;

/// The fields as they come.
pub(super) struct Fields {
    pub(super) map: HeaderMap,
    pub(super) length: Option<u64>,
    /// The first fault. From then on nothing is taken.
    pub(super) fault: Option<HeadFault>,
    /// A field that is no pseudo-field has come: those may not follow (RFC 9113 §8.3).
    regular: bool,
    /// What the fields may still come to.
    left: u32,
    /// The first `cookie`, and all of them joined when there are more.
    cookie: Option<HeaderValue>,
    cookies: Vec<u8>,
}

/// Room for what a proxy adds.
const SPARE: usize = 6;

impl Fields {
    /// `most`: the largest size of all fields (RFC 9113 §6.5.2), in bytes.
    pub(super) fn new(most: u32) -> Self {
        Self {
            map: HeaderMap::new(),
            length: None,
            fault: None,
            regular: false,
            left: most,
            cookie: None,
            cookies: Vec::new(),
        }
    }

    /// So many fields come.
    #[inline]
    pub(super) fn begin(&mut self, fields: usize) {
        // A block of very many fields makes its map grow as far as its limit lets it.
        if self.map.capacity() == 0 {
            self.map.reserve(fields + SPARE);
        }
    }

    /// May a field of this size still come?
    #[inline]
    pub(super) fn admit(&mut self, size: u32) -> bool {
        if self.fault.is_some() {
            return false;
        }
        match self.left.checked_sub(size) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.fault = Some(HeadFault::TooLarge);
                false
            }
        }
    }

    #[cold]
    pub(super) fn malformed(&mut self) {
        self.fault = Some(HeadFault::Malformed);
    }

    /// A pseudo-field that belongs here: its place takes the value, once.
    #[inline]
    pub(super) fn pseudo<T>(&mut self, place: &mut Option<T>, value: T) {
        if self.regular || place.is_some() {
            self.malformed();
        } else {
            *place = Some(value);
        }
    }

    /// A field that is no pseudo-field. `host`: what is to be done with that.
    #[inline]
    pub(super) fn regular(&mut self, name: HeaderName, value: HeaderValue, kind: Kind) {
        self.regular = true;
        match kind {
            Kind::Plain | Kind::Leading | Kind::Host => {}
            Kind::Cookie => return self.cookie(value),
            Kind::ContentLength => {
                if self.length.is_some() {
                    return self.malformed();
                }
                self.length = length(value.as_bytes());
                if self.length.is_none() {
                    return self.malformed();
                }
            }
            // RFC 9113 §8.2.2.
            Kind::Te if value.as_bytes().eq_ignore_ascii_case(b"trailers") => {}
            Kind::Te | Kind::Connection => return self.malformed(),
        }
        self.append(name, value);
    }

    /// A field of a table that means nothing here.
    #[inline]
    pub(super) fn plain(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.regular = true;
        self.append(name.clone(), value.clone());
    }

    /// Adds a field; as many as the map can hold at most.
    #[inline]
    pub(super) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        if self.map.try_append(name, value).is_err() {
            self.fault = Some(HeadFault::TooLarge);
        }
    }

    /// `cookie` comes in pieces, so that they can be indexed, and is one field again (RFC 9113 §8.2.3).
    fn cookie(&mut self, value: HeaderValue) {
        let Some(first) = &self.cookie else {
            self.cookie = Some(value);
            return;
        };
        if self.cookies.is_empty() {
            self.cookies.extend_from_slice(first.as_bytes());
        }
        self.cookies.extend_from_slice(b"; ");
        self.cookies.extend_from_slice(value.as_bytes());
    }

    /// All fields have come.
    #[inline]
    pub(super) fn end(&mut self) -> Result<(), HeadFault> {
        if let Some(first) = self.cookie.take() {
            self.join(first);
        }
        match self.fault {
            None => Ok(()),
            Some(fault) => Err(fault),
        }
    }

    fn join(&mut self, first: HeaderValue) {
        if self.cookies.is_empty() {
            return self.append(header::COOKIE, first);
        }
        let cookies = bytes::Bytes::from(std::mem::take(&mut self.cookies));
        match HeaderValue::from_maybe_shared(cookies) {
            Ok(mut cookies) => {
                cookies.set_sensitive(first.is_sensitive());
                self.append(header::COOKIE, cookies);
            }
            Err(_) => self.malformed(),
        }
    }
}

/// `content-length`: digits only, and below 2^63 (RFC 9110 §8.6).
pub(super) fn length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 {
        return None;
    }
    let mut number = 0_u64;
    for &byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (number <= i64::MAX as u64).then_some(number)
}
