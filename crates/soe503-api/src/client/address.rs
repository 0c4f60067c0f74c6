//! Where the admin API is.

use core::{fmt, str::FromStr};

use http::Uri;

/// The address of an admin API: `http://HOST[:PORT][/PREFIX]`, or the same with `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminAddress {
    /// It is asked over TLS.
    pub(crate) tls: bool,
    /// Name or IP address, without the brackets of IPv6.
    pub(crate) host: String,
    /// Default 80, and 443 over TLS, as the schemes say.
    pub(crate) port: u16,
    /// As it was written: goes into `Host`.
    pub(crate) authority: String,
    /// Goes before each path; no slash at its end.
    pub(crate) prefix: String,
}

/// Text that is not the address of an admin API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no URL.
    #[error("{0:?} is not a URL; expected the form http://127.0.0.1:9503")]
    NotAUrl(String),
    /// It needs something that this client does not speak.
    #[error("{text:?} has the scheme {scheme:?}; the admin API is asked over http:// or https://")]
    Scheme {
        /// What was given.
        text: String,
        /// Its scheme.
        scheme: String,
    },
}

impl AdminAddress {
    /// Whether it is asked over TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }
}

impl FromStr for AdminAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_a_url = || AddressError::NotAUrl(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| not_a_url())?;
        let scheme = uri.scheme_str().ok_or_else(not_a_url)?;
        let tls = match scheme {
            "http" => false,
            "https" => true,
            other => {
                return Err(AddressError::Scheme {
                    text: text.to_owned(),
                    scheme: other.to_owned(),
                });
            }
        };
        let authority = uri.authority().ok_or_else(not_a_url)?;
        let host = authority.host();
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(not_a_url());
        }
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None | Some("") if tls => 443,
            None | Some("") => 80,
            Some(port) => port.parse().map_err(|_| not_a_url())?,
        };
        Ok(Self {
            tls,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authority: authority.to_string(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let rows = [
            ("http://127.0.0.1:9503", "127.0.0.1", 9503, ""),
            ("http://127.0.0.1:9503/", "127.0.0.1", 9503, ""),
            ("http://admin.example", "admin.example", 80, ""),
            ("http://[::1]:9503/edge/", "::1", 9503, "/edge"),
            ("https://admin.example", "admin.example", 443, ""),
            ("https://[::1]:9503", "::1", 9503, ""),
        ];
        for (text, host, port, prefix) in rows {
            let a: AdminAddress = text.parse().unwrap();
            assert_eq!(
                (&*a.host, a.port, &*a.prefix),
                (host, port, prefix),
                "{text}"
            );
            assert_eq!(a.to_string(), text.trim_end_matches('/'));
            assert_eq!(a.is_tls(), text.starts_with("https"));
        }
    }

    #[test]
    fn others_are_refused_with_what_was_expected() {
        for bad in [
            "",
            "127.0.0.1:9503",
            "/api",
            "http://",
            "http://a:99999",
            "http://u@a",
            "http://a?x",
        ] {
            let error = bad.parse::<AdminAddress>().unwrap_err();
            assert!(
                error.to_string().contains("http://127.0.0.1:9503"),
                "{bad}: {error}"
            );
        }
        let error = "unix://a".parse::<AdminAddress>().unwrap_err();
        assert!(matches!(error, AddressError::Scheme { scheme, .. } if scheme == "unix"));
    }
}
