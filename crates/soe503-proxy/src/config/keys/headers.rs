//! Keys of `request_headers` and `response_headers`.

use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use crate::config::{
    HostPolicy,
    wire::{At, Defaulted, Fault, Field, List, Spot, Text, found, section},
};

section! {
    /// What a route does to the fields of a message: `remove` first, then `set`, then `add`. Fields
    /// of one hop (`Connection`, `Upgrade`, …) and of the framing cannot be named.
    struct HeaderKeys {
        /// Fields that get this value, whatever they had. Names and values are strings.
        set: Defaulted<Fields>, default(Fields(Vec::new()));
        /// Fields that are added to those that are there.
        add: Defaulted<Fields>, default(Fields(Vec::new()));
        /// Names of fields that are removed.
        remove: Defaulted<List<FieldName>>, default(List::of([]));
    }
}

/// The name of a field that a rule may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct FieldName(pub(in crate::config) HeaderName);

/// A table of names and values, in the order of the file.
#[derive(Clone, Debug)]
pub(in crate::config) struct Fields(pub(in crate::config) Vec<(At<HeaderName>, HeaderValue)>);

/// Fields of one hop (RFC 9110 §7.6.1), of the framing, and `Expect`, which the proxy answers
/// itself: a rule for one of them would break the connection or be without effect.
const NOT_FOR_RULES: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Text for FieldName {
    const KIND: &'static str = "the name of a header field";
    const LIKE: &'static str = "\"x-tenant\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let Ok(name) = HeaderName::from_bytes(text.as_bytes()) else {
            return Err(Fault::new("not the name of a header field")
                .help("a name has letters, digits and any of !#$%&'*+-.^_`|~"));
        };
        if NOT_FOR_RULES.contains(&name.as_str()) {
            return Err(Fault::new("this field belongs to the connection")
                .help("the proxy sets it for each hop by itself"));
        }
        if name == http::header::HOST {
            return Err(Fault::new("`Host` has a key of its own")
                .help("write `host = \"backend\"` or `host = \"NAME\"` in the route"));
        }
        Ok(Self(name))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" })
    }
}

impl Field for Fields {
    const KIND: &'static str = "a table of header fields";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            let fault =
                Fault::new(found(value.get_ref())).help("write it such as { x-tenant = \"shop\" }");
            return spot.refuse(Self::KIND, value.span(), fault);
        };
        let fields: Vec<Option<_>> = table
            .iter()
            .map(|(name, value)| {
                let at = name.span();
                let name = match FieldName::parse(name.get_ref()) {
                    Ok(FieldName(name)) => name,
                    Err(fault) => return spot.refuse(<FieldName as Text>::KIND, at, fault),
                };
                let found_at = value.span();
                match content(value.get_ref()) {
                    Ok(content) => Some((At { value: name, at }, content)),
                    Err(fault) => spot.refuse("the value of a header field", found_at, fault),
                }
            })
            .collect();
        let mut fields: Vec<_> = fields.into_iter().collect::<Option<_>>()?;
        fields.sort_by_key(|(name, _)| name.at.start);
        Some(Self(fields))
    }

    fn show(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            format!("\"{}\" = {}", name.value, toml::Value::String(value))
        });
        let pairs: Vec<_> = pairs.collect();
        match pairs.is_empty() {
            true => "{}".into(),
            false => format!("{{ {} }}", pairs.join(", ")),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "propertyNames": FieldName::constraints(),
            "additionalProperties": { "type": "string", "pattern": r"^([!-~]([ -~]*[!-~])?)?$" },
        })
    }
}

/// What may stand behind a name: visible ASCII, spaces inside.
fn content(value: &DeValue<'_>) -> Result<HeaderValue, Fault> {
    let DeValue::String(text) = value else {
        return Err(Fault::new(found(value)).help("write it in quotes"));
    };
    if text.trim() != &**text {
        return Err(Fault::new(
            "spaces at the ends of a value are not part of it",
        ));
    }
    HeaderValue::from_str(text)
        .map_err(|_| Fault::new("expected visible ASCII characters and spaces"))
}

impl Text for HostPolicy {
    const KIND: &'static str = "\"preserve\", \"backend\" or a host";
    const LIKE: &'static str = "\"backend\" or \"app.internal\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "preserve" => return Ok(Self::Preserve),
            "backend" => return Ok(Self::Backend),
            _ => {}
        }
        let authority = text.parse::<http::uri::Authority>();
        let fixed = authority
            .ok()
            .filter(|authority| !text.contains('@') && !authority.host().is_empty())
            .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        fixed.map(Self::Fixed).ok_or_else(|| {
            Fault::new("not a host").help(format!("write it such as {}", Self::LIKE))
        })
    }

    fn text(&self) -> String {
        match self {
            Self::Preserve => "preserve".into(),
            Self::Backend => "backend".into(),
            Self::Fixed(host) => host.to_str().unwrap_or_default().into(),
        }
    }

    fn constraints() -> Value {
        json!({ "pattern": r"^[^/?#@\s]+$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_connection_are_not_for_rules() {
        for (name, allowed) in [
            ("X-Tenant", true),
            ("strict-transport-security", true),
            ("Connection", false),
            ("Content-Length", false),
            ("Transfer-Encoding", false),
            ("UPGRADE", false),
            ("Host", false),
            ("x y", false),
            ("x:", false),
            ("", false),
        ] {
            assert_eq!(FieldName::parse(name).is_ok(), allowed, "{name:?}");
        }
    }

    #[test]
    fn policies_for_the_host() {
        for (text, shown) in [
            ("preserve", Some("preserve")),
            ("backend", Some("backend")),
            ("app.internal", Some("app.internal")),
            ("app.internal:8080", Some("app.internal:8080")),
            ("[::1]:80", Some("[::1]:80")),
            ("", None),
            ("a b", None),
            ("user@host", None),
            ("http://a", None),
            ("a/b", None),
        ] {
            let policy = HostPolicy::parse(text).ok().map(|policy| policy.text());
            assert_eq!(policy.as_deref(), shown, "{text:?}");
        }
    }
}
