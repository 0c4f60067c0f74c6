//! Where the admin API is.

use core::{fmt, str::FromStr};

use http::Uri;

/// The address of an admin API: `http://HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminAddress {
    /// Name or IP address, without the brackets of IPv6.
    pub(crate) host: String,
    /// Default 80, as the scheme says.
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
    /// It needs TLS, or something else that this client does not speak.
    #[error("{text:?} has the scheme {scheme:?}; the admin API is asked over plain http://")]
    Scheme {
        /// What was given.
        text: String,
        /// Its scheme.
        scheme: String,
    },
}

impl FromStr for AdminAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_a_url = || AddressError::NotAUrl(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| not_a_url())?;
        let scheme = uri.scheme_str().ok_or_else(not_a_url)?;
        if scheme != "http" {
            return Err(AddressError::Scheme {
                text: text.to_owned(),
                scheme: scheme.to_owned(),
            });
        }
        let authority = uri.authority().ok_or_else(not_a_url)?;
        let host = authority.host();
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(not_a_url());
        }
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None | Some("") => 80,
            Some(port) => port.parse().map_err(|_| not_a_url())?,
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authority: authority.to_string(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
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
        ];
        for (text, host, port, prefix) in rows {
            let a: AdminAddress = text.parse().unwrap();
            assert_eq!(
                (&*a.host, a.port, &*a.prefix),
                (host, port, prefix),
                "{text}"
            );
            assert_eq!(a.to_string(), text.trim_end_matches('/'));
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
        let error = "https://a".parse::<AdminAddress>().unwrap_err();
        assert!(matches!(error, AddressError::Scheme { scheme, .. } if scheme == "https"));
    }
}
