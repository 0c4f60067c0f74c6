//! Values that are peculiar to one or two keys.

use std::{
    net::SocketAddr,
    num::{NonZeroU8, NonZeroU32, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use http::{HeaderValue, Method, Uri, uri::PathAndQuery};
use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::host;
use crate::config::{
    AccessLog, Host, Name, StatusSet, Window,
    wire::{Fault, Field, Spot, Text, found, nearest, one_of, quoted},
};

/// The name of a file.
#[derive(Clone, Debug)]
pub(in crate::config) struct FileName(pub(in crate::config) PathBuf);

/// The first segments of a path, without trailing slash; empty for `/`.
#[derive(Clone, Debug)]
pub(in crate::config) struct PathPrefix(pub(in crate::config) Arc<str>);

/// A path with its query, as it goes into a request.
#[derive(Clone, Debug)]
pub(in crate::config) struct HttpPath(pub(in crate::config) Arc<str>);

/// The name of a gRPC service.
#[derive(Clone, Debug)]
pub(in crate::config) struct GrpcService(pub(in crate::config) Arc<str>);

/// A few words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct Words(pub(in crate::config) Arc<str>);

/// A link to a page for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct PageUrl(pub(in crate::config) Arc<str>);

/// The value of a header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct FieldValue(pub(in crate::config) HeaderValue);

/// A status that is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct RetryStatus(pub(in crate::config) u16);

/// `n`, or 1 if that is 0. For constants.
pub(super) const fn nonzero_u8(n: u8) -> NonZeroU8 {
    NonZeroU8::MIN.saturating_add(n.saturating_sub(1))
}

/// `n`, or 1 if that is 0. For constants.
pub(super) const fn nonzero_u32(n: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(n.saturating_sub(1))
}

/// `n`, or 1 if that is 0. For constants.
pub(super) const fn nonzero_usize(n: usize) -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(n.saturating_sub(1))
}

impl Text for String {
    const KIND: &'static str = "a name";
    const LIKE: &'static str = "\"app\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Ok(text.into())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Text for Words {
    const KIND: &'static str = "a text";
    const LIKE: &'static str = "\"new disks\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const LONGEST: usize = 4096;
        if text.len() > LONGEST {
            return Err(Fault::new("longer than 4096 bytes"));
        }
        Ok(Self(text.into()))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Text for PageUrl {
    const KIND: &'static str = "a URL";
    const LIKE: &'static str = "\"https://status.example/\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let uri = text.parse::<Uri>().ok();
        let web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        match uri.filter(web) {
            Some(_) => Ok(Self(text.into())),
            None => {
                Err(Fault::new("not a URL of a page")
                    .help(format!("write it such as {}", Self::LIKE)))
            }
        }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^https?://" })
    }
}

impl FieldValue {
    /// For constants.
    pub(super) fn of(value: &'static str) -> Self {
        Self(HeaderValue::from_static(value))
    }
}

impl Text for FieldValue {
    const KIND: &'static str = "the value of a header field";
    const LIKE: &'static str = "\"change-me\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let visible = |b: u8| (b' '..=b'~').contains(&b);
        match HeaderValue::from_str(text) {
            Ok(value) if !text.is_empty() && text.trim() == text && text.bytes().all(visible) => {
                Ok(Self(value))
            }
            _ => Err(Fault::new("not the value of a header field")
                .help("it has visible ASCII characters, with spaces only between them")),
        }
    }

    fn text(&self) -> String {
        self.0.to_str().unwrap_or_default().to_owned()
    }

    fn constraints() -> Value {
        json!({ "minLength": 1 })
    }
}

impl Text for Name {
    const KIND: &'static str = "a name";
    const LIKE: &'static str = "\"edge-eu1\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::new(text).map_err(Fault::new)
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^[A-Za-z0-9._:\[\]-]{1,253}$" })
    }
}

impl Text for FileName {
    const KIND: &'static str = "a file";
    const LIKE: &'static str = "\"admin.token\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.contains('\0') {
            return Err(Fault::new("not the name of a file"));
        }
        Ok(Self(text.into()))
    }

    fn text(&self) -> String {
        self.0.display().to_string()
    }

    fn constraints() -> Value {
        json!({ "minLength": 1 })
    }
}

impl Text for AccessLog {
    const KIND: &'static str = "a file, \"stdout\", \"stderr\" or \"off\"";
    const LIKE: &'static str = "\"stdout\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const WORDS: [&str; 3] = ["off", "stdout", "stderr"];
        match text {
            "off" => Ok(Self::Off),
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            // A slip of the finger must not become a file called `stdotu`.
            _ if !text.contains(['/', '.']) => {
                Err(one_of(text, &WORDS).help(match nearest(text, WORDS) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("for a file of that name write \"./{text}\""),
                }))
            }
            _ => FileName::parse(text).map(|file| Self::File(file.0)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off".into(),
            Self::Stdout => "stdout".into(),
            Self::Stderr => "stderr".into(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl Text for SocketAddr {
    const KIND: &'static str = "an IP address and a port";
    const LIKE: &'static str = "\"127.0.0.1:8080\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let fault = Fault::new("not an IP address and a port");
            match text.rsplit_once(':') {
                Some(("" | "*", port)) if port.parse::<u16>().is_ok() => {
                    fault.help(format!("did you mean \"0.0.0.0:{port}\"?"))
                }
                Some(("localhost", port)) if port.parse::<u16>().is_ok() => {
                    fault.help(format!("did you mean \"127.0.0.1:{port}\"?"))
                }
                _ => fault.help(format!("write it such as {}", Self::LIKE)),
            }
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.]+(%\d+)?\]):\d+$" })
    }
}

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

impl Field for Window {
    const KIND: &'static str = "a duration or a number of requests";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        const SHORTEST: Duration = Duration::from_millis(10);
        let fault = match value.get_ref() {
            DeValue::Integer(_) => match NonZeroU32::read(value, spot)? {
                count if count.get() <= 65_536 => return Some(Self::Count(count)),
                _ => Fault::new("expected 1 to 65536 requests"),
            },
            DeValue::String(_) => match Duration::read(value, spot)? {
                time if (SHORTEST..=LONGEST).contains(&time) => return Some(Self::Time(time)),
                _ => Fault::new("expected \"10ms\" to \"24h\""),
            },
            other => Fault::new(found(other)).help("write it such as \"10s\" or 100"),
        };
        spot.refuse(Self::KIND, value.span(), fault)
    }

    fn show(&self) -> String {
        match self {
            Self::Time(time) => time.show(),
            Self::Count(count) => count.to_string(),
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [
            Duration::schema(),
            { "type": "integer", "minimum": 1, "maximum": 65_536 },
        ] })
    }
}
