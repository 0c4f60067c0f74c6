//! The `Connection` field: what it says, and which fields it names.

use http::HeaderName;

use crate::refusal::Refusal;
use crate::value;

/// Fields that `Connection` may name.
const MOST_NAMED: usize = 32;

/// What a message says about its connection.
#[derive(Debug, Default)]
pub struct Connection {
    /// Whether the connection goes on after this message, by version and options (RFC 9112 §9.3).
    /// Never when the body ends with the connection.
    pub keep_alive: bool,
    /// `Connection` names `upgrade`, there is an `Upgrade` field (it stays among the headers), and the
    /// version is 1.1 (RFC 9110 §7.8).
    pub upgrade: bool,
    /// Other fields that `Connection` names, for the caller to remove (RFC 9110 §7.6.1). Those that
    /// [`hop_by_hop`](Self::hop_by_hop) stands for are not repeated here, and neither are `host`,
    /// `content-length` and `transfer-encoding`, without which the message would be another one.
    pub named: Option<Box<[HeaderName]>>,
    /// The headers hold at least one of `keep-alive`, `proxy-connection`, `te`, `trailer`, `upgrade`,
    /// `proxy-authenticate` and `proxy-authorization`.
    pub hop_by_hop: bool,
}

/// The options read so far.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
    pub(crate) named: Vec<HeaderName>,
}

impl Options {
    /// Reads one `Connection` field, which may name `most` fields.
    #[inline]
    pub(crate) fn read(&mut self, value: &[u8], most: usize) -> Result<(), Refusal> {
        if value.eq_ignore_ascii_case(b"keep-alive") {
            self.keep_alive = true;
        } else if value.eq_ignore_ascii_case(b"close") {
            self.close = true;
        } else {
            return self.list(value, most);
        }
        Ok(())
    }

    #[inline(never)]
    fn list(&mut self, value: &[u8], most: usize) -> Result<(), Refusal> {
        for option in value.split(|&byte| byte == b',').map(value::trim) {
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade = true;
            } else {
                self.name(option, most)?;
            }
        }
        Ok(())
    }

    /// An option that is none of the three: the name of a field. What is no token names none.
    fn name(&mut self, option: &[u8], most: usize) -> Result<(), Refusal> {
        const ELSEWHERE: [&str; 9] = [
            "connection",
            "content-length",
            "host",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
        ];
        let Ok(name) = HeaderName::from_bytes(option) else {
            // This value does not become a `HeaderValue`, which would check it.
            let bad = option
                .iter()
                .any(|&byte| byte.is_ascii_control() && byte != b'\t');
            return if bad {
                Err(Refusal::HeaderValue)
            } else {
                Ok(())
            };
        };
        if ELSEWHERE.contains(&name.as_str()) || self.named.contains(&name) {
            return Ok(());
        }
        if self.named.len() == most.min(MOST_NAMED) {
            return Err(Refusal::TooManyHeaders);
        }
        self.named.push(name);
        Ok(())
    }
}
