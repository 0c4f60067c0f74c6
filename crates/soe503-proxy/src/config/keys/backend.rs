//! Backends: a URL, or a table with one.

use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{BackendKeys, host};
use crate::config::{
    Name, Target, manual,
    wire::{At, Fault, Field, Inner, Shape, Spot, Table, Text, found, open},
};

/// An item of `backends`.
#[derive(Clone, Debug)]
pub(in crate::config) struct BackendEntry {
    pub(in crate::config) target: At<Target>,
    pub(in crate::config) name: Option<At<Name>>,
    pub(in crate::config) weight: NonZeroU32,
}

impl Text for Target {
    const KIND: &'static str = "the URL of a backend";
    const LIKE: &'static str = "\"http://127.0.0.1:8081\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let Some((scheme, rest)) = text.split_once("://") else {
            let fault = Fault::new("the URL has no scheme");
            return Err(match authority(text) {
                Ok(_) => fault.help(format!("did you mean \"http://{text}\"?")),
                Err(_) => fault.help(format!("write it such as {}", Self::LIKE)),
            });
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => {
                return Err(Fault::new("`https` is not supported yet")
                    .help("this version speaks plain HTTP to backends"));
            }
            _ => return Err(Fault::new("expected a URL that begins with http://")),
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority_text, path) = rest.split_at(end);
        if !matches!(path, "" | "/") {
            return Err(Fault::new("the URL of a backend has no path").help(format!(
                "did you mean \"http://{authority_text}\"? Requests keep their own path"
            )));
        }
        authority(authority_text)
    }

    fn text(&self) -> String {
        format!("http://{self}")
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[hH][tT][tT][pP]://[^/?#@\\s]+/?$" })
    }
}

/// `HOST` or `HOST:PORT`.
fn authority(text: &str) -> Result<Target, Fault> {
    if text.contains('@') {
        return Err(Fault::new("the URL of a backend has no user"));
    }
    let (host, port) = match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => {
            let port = &text[colon + 1..];
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port = digits.then(|| port.parse().ok()).flatten();
            (
                &text[..colon],
                port.ok_or_else(|| Fault::new("the port must be from 1 to 65535"))?,
            )
        }
        _ => (text, NonZeroU16::MIN.saturating_add(79)),
    };
    let host = host::host(host)?;
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
                target: At {
                    value: Target::read(value, spot)?,
                    at: value.span(),
                },
                name: None,
                weight: NonZeroU32::MIN,
            }),
            DeValue::Table(_) => {
                let keys: BackendKeys = open(spot.name.into(), value, spot.problems)?;
                Some(Self {
                    target: keys.url.0?,
                    name: keys.name.given,
                    weight: keys.weight.value,
                })
            }
            other => {
                let fault = Fault::new(found(other)).help(format!(
                    "write it such as {} or {{ url = {} }}",
                    Target::LIKE,
                    Target::LIKE
                ));
                spot.refuse(Self::KIND, value.span(), fault)
            }
        }
    }

    fn show(&self) -> String {
        self.target.value.show()
    }

    fn schema() -> Value {
        json!({ "anyOf": [<Target as Field>::schema(), manual::object::<BackendKeys>()] })
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
            ("https://127.0.0.1", None),
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
            let target = Target::parse(url).ok().map(|target| target.to_string());
            assert_eq!(target.as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn addresses_and_names_are_told_apart() {
        assert!(matches!(
            Target::parse("http://[::1]"),
            Ok(Target::Address(_))
        ));
        assert!(matches!(
            Target::parse("http://1.2.3.4"),
            Ok(Target::Address(_))
        ));
        assert!(matches!(
            Target::parse("http://localhost"),
            Ok(Target::Dns { .. })
        ));
    }
}
