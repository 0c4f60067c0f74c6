//! The URL that is asked.

use core::fmt;

use http::{HeaderMap, Uri};

use crate::exit::Failure;

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Whether to speak TLS.
    pub(crate) tls: bool,
    /// Name or IP address, without the brackets of IPv6.
    pub(crate) host: String,
    /// As given, or the scheme's.
    pub(crate) port: u16,
    /// Host, and the port if it was given.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
    /// The name that the certificate is to be for: the host, unless another one is asked for there.
    pub(crate) name: String,
    /// What is sent beside the fields that every request has.
    pub(crate) headers: HeaderMap,
}

impl Target {
    /// Takes `text` apart, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let bad = |why: &str| Failure::usage(format!("{text:?} cannot be asked: {why}"));
        let Some((scheme, _)) = text.split_once("://") else {
            return Err(
                bad("expected http:// or https://").hint(format!("did you mean http://{text} ?"))
            );
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => {
                return Err(bad(&format!(
                    "the scheme is {scheme:?}, expected http or https"
                )));
            }
        };
        let without_fragment = text.split('#').next().unwrap_or_default();
        let uri: Uri = without_fragment
            .parse()
            .map_err(|e| bad(&format!("{e} (expected http://HOST[:PORT]/PATH)")))?;
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("a user name in a URL is not sent; take it out"));
        }
        let host = authority.host();
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None | Some("") => None,
            Some(port) => Some(
                port.parse()
                    .map_err(|_| bad("the port is not a number from 0 to 65535"))?,
            ),
        };
        Ok(Self {
            tls,
            host: host.trim_matches(['[', ']']).to_owned(),
            name: host.trim_matches(['[', ']']).to_owned(),
            headers: HeaderMap::new(),
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let t = Target::parse("http://shop.example/a?b=c#d").unwrap();
        assert_eq!(
            (&*t.host, t.port, &*t.path, t.tls),
            ("shop.example", 80, "/a?b=c", false)
        );
        assert_eq!(t.to_string(), "http://shop.example/a?b=c");
        let t = Target::parse("HTTPS://[::1]:8443").unwrap();
        assert_eq!(
            (&*t.host, t.port, &*t.path, t.tls),
            ("::1", 8443, "/", true)
        );
        assert_eq!(t.authority, "[::1]:8443");
        let t = Target::parse("http://a?x").unwrap();
        assert_eq!(t.path, "/?x");
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_its_text() {
        for (bad, why) in [
            ("shop.example/a", "expected http:// or https://"),
            ("ftp://a", "\"ftp\""),
            ("http://", "expected http://HOST"),
            ("http://u:p@a/", "user name"),
            ("http://a:70000/", "port"),
            ("http://a b/", "expected http://HOST"),
        ] {
            let message = Target::parse(bad).unwrap_err().message();
            assert!(
                message.contains(why) && message.contains(bad),
                "{bad}: {message}"
            );
        }
    }
}
