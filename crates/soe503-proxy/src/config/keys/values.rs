//! Values that are peculiar to one or two keys.

mod http;
mod logs;

use std::{
    net::SocketAddr,
    num::{NonZeroU8, NonZeroU32, NonZeroUsize},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ::http::{HeaderValue, Uri};
use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use crate::config::{
    Name, Window,
    wire::{Fault, Field, Spot, Text, found},
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
