//! The `Connection` field: what it says, and which fields it names.

use http::HeaderName;

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
    /// Reads one `Connection` field. `false`: it names more than `max` fields.
    pub(crate) fn read(&mut self, value: &[u8], max: usize) -> bool {
        for option in value.split(|&byte| byte == b',') {
            let option = option.trim_ascii();
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade = true;
            } else if !self.name(option, max) {
                return false;
            }
        }
        true
    }

    /// An option that is none of the three: the name of a field. What is no token names none.
    #[cold]
    fn name(&mut self, option: &[u8], max: usize) -> bool {
        const ELSEWHERE: [&str; 10] = [
            "connection",
            "content-length",
            "host",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ];
        let Ok(name) = HeaderName::from_bytes(option) else {
            return true;
        };
        if ELSEWHERE.contains(&name.as_str()) {
            return true;
        }
        self.named.push(name);
        self.named.len() <= max
    }
}
