//! What of a request or an answer values name: hosts, paths, methods, statuses.

use http::{Method, uri::PathAndQuery};
use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{GrpcService, HttpPath, PathPrefix, RetryStatus};
use crate::config::keys::host;
use crate::config::{
    Host, StatusSet,
    wire::{Fault, Field, Spot, Text, quoted},
};

impl Text for Host {
    const KIND: &'static str = "a host";
    const LIKE: &'static str = "\"shop.example\" or \"*.example\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text.strip_prefix("*.") {
            Some(suffix) => host::name(suffix).map(|name| Self::Under(name.into())),
            None => host::host(text).map(|name| Self::Exact(name.into())),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Any => String::new(),
            Self::Under(suffix) => format!("*.{suffix}"),
            Self::Exact(host) => host.to_string(),
        }
    }
}

impl Text for PathPrefix {
    const KIND: &'static str = "the beginning of a path";
    const LIKE: &'static str = "\"/api\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let path = HttpPath::parse(text)?;
        if path.0.contains('?') {
            return Err(Fault::new("a path has no query"));
        }
        let segments = path.0.strip_suffix('/').unwrap_or(&path.0);
        Ok(Self(segments.into()))
    }

    fn text(&self) -> String {
        if self.0.is_empty() {
            "/".into()
        } else {
            self.0.to_string()
        }
    }

    fn constraints() -> Value {
        json!({ "pattern": "^/[^?#\\s]*$" })
    }
}

impl Text for HttpPath {
    const KIND: &'static str = "a path";
    const LIKE: &'static str = "\"/healthz\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if !text.starts_with('/') {
            return Err(Fault::new("a path begins with a slash"));
        }
        match text.parse::<PathAndQuery>() {
            // A fragment is dropped in silence: it never goes into a request.
            Ok(path) if path.as_str() == text => Ok(Self(text.into())),
            _ => Err(Fault::new("this cannot go into a request")
                .help("percent-encode what is not a letter, a digit or one of -._~!$&'()*+,;=:@/")),
        }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^/[^#\\s]*$" })
    }
}

impl Text for GrpcService {
    const KIND: &'static str = "the name of a gRPC service";
    const LIKE: &'static str = "\"shop.Orders\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const LONGEST: usize = 255;
        if text.is_empty() {
            return Err(Fault::new("the name is empty")
                .help("leave `service` away to ask about the server as a whole"));
        }
        if text.len() > LONGEST || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Fault::new(
                "expected at most 255 visible ASCII characters without spaces",
            ));
        }
        Ok(Self(text.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[!-~]{1,255}$" })
    }
}

impl Text for Method {
    const KIND: &'static str = "an HTTP method";
    const LIKE: &'static str = "\"GET\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.bytes().any(|b| b.is_ascii_lowercase()) {
            let upper = text.to_ascii_uppercase();
            return Err(Fault::new("methods are written in capitals")
                .help(format!("did you mean \"{}\"?", quoted(&upper))));
        }
        Self::from_bytes(text.as_bytes()).map_err(|_| Fault::new("not an HTTP method"))
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[A-Z0-9!#$%&'*+.^_`|~-]+$" })
    }
}

impl Text for StatusSet {
    const KIND: &'static str = "a set of status codes";
    const LIKE: &'static str = "\"200-399\" or \"200,204\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
            .map_err(|why| Fault::new(why).help(format!("write it such as {}", Self::LIKE)))
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^\s*\d{3}(\s*-\s*\d{3})?\s*(,\s*\d{3}(\s*-\s*\d{3})?\s*)*$" })
    }

    fn advice(value: &DeValue<'_>) -> String {
        match value {
            DeValue::Integer(status) => format!("write it in quotes: \"{status}\""),
            _ => format!("write it in quotes, such as {}", Self::LIKE),
        }
    }
}

impl Field for RetryStatus {
    const KIND: &'static str = "a status code";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        match u16::read(value, spot)? {
            status @ (429 | 500..=599) => Some(Self(status)),
            _ => {
                let fault = Fault::new("expected 429 or 500 to 599")
                    .help("another attempt cannot cure any other answer");
                spot.refuse(Self::KIND, value.span(), fault)
            }
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn schema() -> Value {
        json!({ "type": "integer", "anyOf": [{ "const": 429 }, { "minimum": 500, "maximum": 599 }] })
    }
}
