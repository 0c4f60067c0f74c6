//! Backends: a URL, or a table with one.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{BackendKeys, host};
use crate::config::{
    Name, Scheme, Target, manual,
    wire::{At, Fault, Field, Inner, Shape, Spot, Table, Text, found, open},
};
use crate::control::dns;

/// An item of `backends`.
#[derive(Clone, Debug)]
pub(in crate::config) struct BackendEntry {
    pub(in crate::config) url: At<BackendUrl>,
    pub(in crate::config) name: Option<At<Name>>,
    pub(in crate::config) weight: NonZeroU32,
    pub(in crate::config) priority: u8,
    pub(in crate::config) zone: Option<Name>,
    pub(in crate::config) max_in_flight: Option<NonZeroU32>,
}

/// The URL of a backend: how to talk, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct BackendUrl {
    pub(in crate::config) scheme: Scheme,
    pub(in crate::config) target: Target,
}

impl Text for BackendUrl {
    const KIND: &'static str = "the URL of a backend";
    const LIKE: &'static str = "\"http://127.0.0.1:8081\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let Some((scheme, rest)) = text.split_once("://") else {
            let fault = Fault::new("the URL has no scheme");
            return Err(match authority(text, Scheme::Http) {
                Ok(_) => fault.help(format!("did you mean \"http://{text}\"?")),
                Err(_) => fault.help(format!("write it such as {}", Self::LIKE)),
            });
        };
        let scheme = scheme_of(scheme)
            .ok_or_else(|| Fault::new("expected a URL that begins with http:// or https://"))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority_text, path) = rest.split_at(end);
        if !matches!(path, "" | "/") {
            return Err(Fault::new("the URL of a backend has no path").help(format!(
                "did you mean \"{}://{authority_text}\"? Requests keep their own path",
                scheme.id()
            )));
        }
        let target = authority(authority_text, scheme)?;
        Ok(Self { scheme, target })
    }

    fn text(&self) -> String {
        format!("{}://{}", self.scheme.id(), self.target)
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[hH][tT][tT][pP][sS]?://[^/?#@\\s]+/?$" })
    }
}

fn scheme_of(text: &str) -> Option<Scheme> {
    match text.to_ascii_lowercase().as_str() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

/// The scheme of a URL, and what comes behind `://`.
pub(super) fn scheme(url: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme_of(scheme)?, rest))
}

/// `HOST` or `HOST:PORT`.
pub(super) fn authority(text: &str, scheme: Scheme) -> Result<Target, Fault> {
    if text.contains('@') {
        return Err(Fault::new("the URL of a backend has no user"));
    }
    let (host, port, said) = match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => {
            let port = &text[colon + 1..];
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port = digits.then(|| port.parse().ok()).flatten();
            (
                &text[..colon],
                port.ok_or_else(|| Fault::new("the port must be from 1 to 65535"))?,
                true,
            )
        }
        _ => (text, scheme.port(), false),
    };
    let host = host::host(host)?;
    if dns::is_service(&host) {
        return match said {
            false => Ok(Target::Srv { name: host.into() }),
            true => Err(
                Fault::new("the port of a service comes from its SRV records")
                    .help("leave the port out"),
            ),
        };
    }
    Ok(match format!("{host}:{port}").parse::<SocketAddr>() {
        Ok(address) => Target::Address(address),
        Err(_) => Target::Dns {
            host: Arc::from(host),
            port,
        },
    })
}

impl Field for BackendEntry {
    const KIND: &'static str = "a URL or a table with one";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(_) => Some(Self {
                url: At {
                    value: BackendUrl::read(value, spot)?,
                    at: value.span(),
                },
                name: None,
                weight: NonZeroU32::MIN,
                priority: 0,
                zone: None,
                max_in_flight: None,
            }),
            DeValue::Table(_) => {
                let keys: BackendKeys = open(spot.name.into(), value, spot.problems)?;
                Some(Self {
                    url: keys.url.0?,
                    name: keys.name.given,
                    weight: keys.weight.value,
                    // In range: at most 15.
                    priority: keys.priority.value as u8,
                    zone: keys.zone.given.map(|zone| zone.value),
                    max_in_flight: keys.max_in_flight.given.map(|limit| limit.value),
                })
            }
            other => {
                let fault = Fault::new(found(other)).help(format!(
                    "write it such as {} or {{ url = {} }}",
                    BackendUrl::LIKE,
                    BackendUrl::LIKE
                ));
                spot.refuse(Self::KIND, value.span(), fault)
            }
        }
    }

    fn show(&self) -> String {
        self.url.value.show()
    }

    fn schema() -> Value {
        json!({ "anyOf": [<BackendUrl as Field>::schema(), manual::object::<BackendKeys>()] })
    }

    fn inner() -> Option<Inner> {
        Some(Inner {
            shape: Shape::Item,
            about: BackendKeys::ABOUT,
            keys: BackendKeys::keys(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_backends() {
        for (url, shown) in [
            ("http://127.0.0.1:8081", Some("127.0.0.1:8081")),
            ("http://127.0.0.1/", Some("127.0.0.1:80")),
            ("HTTP://App.Internal:8080", Some("app.internal:8080")),
            ("http://[::1]:8081", Some("[::1]:8081")),
            ("http://[::1]", Some("[::1]:80")),
            ("https://127.0.0.1", Some("127.0.0.1:443")),
            ("HTTPS://App.Internal", Some("app.internal:443")),
            ("https://[::1]:8443/", Some("[::1]:8443")),
            (
                "http://_http._tcp.Shop.internal",
                Some("_http._tcp.shop.internal"),
            ),
            (
                "https://_https._tcp.shop.internal/",
                Some("_https._tcp.shop.internal"),
            ),
            ("http://_http._tcp.shop.internal:80", None),
            (
                "http://_http.shop.internal:80",
                Some("_http.shop.internal:80"),
            ),
            ("https://a/b", None),
            ("127.0.0.1:8081", None),
            ("http://", None),
            ("http://:80", None),
            ("http://a:0", None),
            ("http://a:65536", None),
            ("http://a:+80", None),
            ("http://a:", None),
            ("http://a/b", None),
            ("http://a?b", None),
            ("http://a#b", None),
            ("http://user:secret@a", None),
            ("http://::1:80", None),
            ("unix:///run/app.sock", None),
            ("", None),
        ] {
            let read = BackendUrl::parse(url).ok();
            let target = read.map(|url| url.target.to_string());
            assert_eq!(target.as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn addresses_and_names_are_told_apart() {
        let target = |url| BackendUrl::parse(url).unwrap().target;
        assert!(matches!(target("http://[::1]"), Target::Address(_)));
        assert!(matches!(target("https://1.2.3.4"), Target::Address(_)));
        assert!(matches!(target("http://localhost"), Target::Dns { .. }));
    }

    #[test]
    fn the_scheme_is_read() {
        let scheme = |url| BackendUrl::parse(url).unwrap().scheme;
        assert_eq!(scheme("http://a"), Scheme::Http);
        assert_eq!(scheme("Https://a:80"), Scheme::Https);
    }
}
