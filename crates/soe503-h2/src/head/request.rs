//! A request's head (RFC 9113 §8.3.1).

use http::header::{self, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Version};

use super::fields::Fields;
use super::types::{HeadFault, RequestHead};
use crate::hpack::{Field, Kind, Sink};

/// A request's fields as they come.
pub(super) struct Request {
    fields: Fields,
    method: Option<Method>,
    path: Option<PathAndQuery>,
    https: Option<bool>,
    authority: Option<()>,
    protocol: Option<HeaderValue>,
}

impl Request {
    pub(super) fn new(most: u32) -> Self {
        Self {
            fields: Fields::new(most),
            method: None,
            path: None,
            https: None,
            authority: None,
            protocol: None,
        }
    }

    /// The head. `extended`: RFC 8441 has been agreed on.
    #[inline]
    pub(super) fn end(mut self, extended: bool) -> Result<RequestHead, HeadFault> {
        self.fields.end()?;
        let method = self.method.ok_or(HeadFault::Malformed)?;
        let uri = if method == Method::CONNECT || self.protocol.is_some() {
            // CONNECT has no scheme and no path, the extended one has both (RFC 9113 §8.5, RFC 8441 §4).
            let whole = self.https.is_some() && self.path.is_some();
            let bare = self.https.is_none() && self.path.is_none();
            let valid = match self.protocol {
                None => bare && self.authority.is_some(),
                Some(_) => extended && method == Method::CONNECT && whole,
            };
            if !valid {
                return Err(HeadFault::Malformed);
            }
            self.path.map_or_else(Uri::default, Uri::from)
        } else {
            let path = self.path.ok_or(HeadFault::Malformed)?;
            if self.https.is_none() || path.as_str() == "*" && method != Method::OPTIONS {
                return Err(HeadFault::Malformed);
            }
            Uri::from(path)
        };
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.method = method;
        parts.uri = uri;
        parts.version = Version::HTTP_2;
        parts.headers = self.fields.map;
        Ok(RequestHead {
            parts,
            scheme_https: self.https.unwrap_or(false),
            length: self.fields.length,
            protocol: self.protocol,
        })
    }

    /// `:authority` is the host (RFC 9113 §8.3.1). It comes before all fields, so that it is the first one.
    fn authority(&mut self, value: HeaderValue) {
        self.fields.pseudo(&mut self.authority, ());
        if self.fields.fault.is_none() {
            self.fields.append(header::HOST, value);
        }
    }

    /// Is this `host` what `:authority` was?
    fn same_host(&self, value: &HeaderValue) -> bool {
        self.authority.is_some()
            && self
                .fields
                .map
                .get(header::HOST)
                .is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    }
}

impl Sink for Request {
    #[inline]
    fn begin(&mut self, fields: usize) {
        // Of the four pseudo-fields one becomes a field.
        self.fields.begin(fields.saturating_sub(3));
    }

    #[inline]
    fn admit(&mut self, size: u32) -> bool {
        self.fields.admit(size)
    }

    #[inline]
    fn field(&mut self, field: Field) {
        match field {
            Field::Regular(_, value, Kind::Host) if self.same_host(&value) => {}
            Field::Regular(name, value, kind) => self.fields.regular(name, value, kind),
            Field::Method(method) => self.fields.pseudo(&mut self.method, method),
            Field::Path(path) => self.fields.pseudo(&mut self.path, path),
            Field::Scheme { https } => self.fields.pseudo(&mut self.https, https),
            Field::Authority(value) => self.authority(value),
            Field::Protocol(value) => self.fields.pseudo(&mut self.protocol, value),
            Field::Status(_) | Field::Malformed(_) => self.fields.malformed(),
        }
    }

    #[inline]
    fn known(&mut self, field: &Field) {
        match field {
            Field::Regular(name, value, Kind::Plain | Kind::Leading) => {
                self.fields.plain(name, value);
            }
            Field::Method(method) => self.fields.pseudo(&mut self.method, method.clone()),
            Field::Scheme { https } => self.fields.pseudo(&mut self.https, *https),
            Field::Authority(value) => self.authority(value.clone()),
            other => self.field(other.clone()),
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
