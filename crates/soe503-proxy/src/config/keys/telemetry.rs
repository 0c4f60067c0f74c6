//! Keys of `[telemetry]`.

use std::{num::NonZeroUsize, time::Duration};

use serde_json::{Value, json};
use toml::{Spanned, de::DeValue};

use super::{
    DogstatsdKeys, Fields, PoolTlsKeys, host,
    values::{FileName, Words, nonzero_usize},
};
use crate::config::{
    Endpoint, Otlp, Propagator, Ratio,
    wire::{
        At, Defaulted, Fault, Field, List, Maybe, Optional, Required, Spot, Text, choice, found,
        section,
    },
};

section! {
    /// What is sent to systems that watch.
    struct TelemetryKeys {
        /// Spans of requests and their attempts, sent to an OpenTelemetry collector.
        traces: Maybe<TracesKeys>, absent("no traces"),
            like("{ endpoint = \"http://127.0.0.1:4318\" }");
        /// All metrics, sent to the DogStatsD server of a Datadog agent.
        dogstatsd: Maybe<DogstatsdKeys>, absent("nothing is sent; the agent can scrape `/metrics`"),
            like("{ address = \"127.0.0.1:8125\" }");
    }
}

section! {
    /// Spans, sent to an OpenTelemetry collector: a SERVER span for each request that is recorded, a CLIENT span for
    /// each of its attempts. While the collector is away, spans are lost and requests are not: see
    /// `soe503_traces_dropped_total`.
    struct TracesKeys {
        /// The collector's URL. Over HTTP, the path is `/v1/traces` unless there is one; over gRPC there is none.
        endpoint: Required<Endpoint>, like("\"http://127.0.0.1:4318\"");
        /// What is spoken there: OTLP as `http/protobuf` or as `grpc`.
        protocol: Defaulted<Otlp>, default(Otlp::HttpProtobuf);
        /// Fields that each export carries. Their values are shown nowhere; still, secrets are better off in
        /// `headers_file`.
        headers: Defaulted<Fields>, default(Fields(Vec::new()));
        /// A file with more of them, such as `Authorization: Bearer …`, one in a line. A relative path starts at the
        /// config file; a reload reads it again.
        headers_file: Optional<FileName>, absent("no others"), like("\"otlp.headers\"");
        /// How long the collector may take for one answer, with connecting.
        timeout: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_millis(1), Duration::from_secs(60));
        /// TLS to an `https` endpoint. A reload reads its files again.
        tls: Maybe<PoolTlsKeys>, absent("the authorities that the system trusts");
        /// Which traces are recorded. `parentbased_traceidratio`: those whose caller says so, and `sample_ratio` of
        /// those that nobody has decided about. `traceidratio`: `sample_ratio` of all, whatever callers say: for
        /// listeners that anybody can reach.
        sampler: Defaulted<Sampling>, default(Sampling::ParentBased);
        /// The share of traces that is recorded, by the trace's id.
        sample_ratio: Defaulted<Ratio>, default(Ratio::percent(1));
        /// Whether failures are recorded too where their trace is not: then backends have no spans of them.
        failures: Defaulted<bool>, default(true);
        /// Formats in which the caller's context is looked for; the first that is there and valid counts.
        /// `tracecontext`: `traceparent` and `tracestate`. `b3`: one field. `b3multi`: `X-B3-TraceId` and others.
        extract: Defaulted<List<Propagator>>, default(List::of([Propagator::TraceContext]));
        /// Formats in which backends are told of the attempt's span. Fields of the other formats are passed on as
        /// they are, unless they are in `extract`.
        inject: Defaulted<List<Propagator>>, default(List::of([Propagator::TraceContext]));
        /// How many requests' spans may wait; more are dropped.
        queue_size: Defaulted<NonZeroUsize>, default(nonzero_usize(2048)),
            range(NonZeroUsize::MIN, nonzero_usize(65_536));
        /// As many spans are exported together.
        batch_size: Defaulted<NonZeroUsize>, default(nonzero_usize(512)),
            range(NonZeroUsize::MIN, nonzero_usize(8192));
        /// How long a span waits at most for its batch to become full.
        export_interval: Defaulted<Duration>, default(Duration::from_secs(5)),
            range(Duration::from_millis(10), Duration::from_secs(300));
        /// How the service is called: `service.name`.
        service_name: Defaulted<Words>, default(Words("soe503".into()));
        /// What else is said about it, such as `deployment.environment.name`. The instance is `server.name`.
        resource_attributes: Defaulted<Attributes>, default(Attributes(Vec::new()));
        /// Whether `User-Agent` is recorded: it may say more about people than you want to keep.
        user_agent: Defaulted<bool>, default(false);
    }
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Sampling {
    /// Whoever began a trace decides.
    ParentBased,
    /// The trace's id decides.
    Ratio,
}

choice!(Sampling, {
    "parentbased_traceidratio" => Self::ParentBased,
    "traceidratio" => Self::Ratio,
});

choice!(Otlp, { "http/protobuf" => Self::HttpProtobuf, "grpc" => Self::Grpc });

choice!(Propagator, {
    "tracecontext" => Self::TraceContext,
    "b3" => Self::B3,
    "b3multi" => Self::B3Multi,
});

/// Names and values, in the order of the file.
#[derive(Clone, Debug)]
pub(in crate::config) struct Attributes(pub(in crate::config) Vec<(String, String)>);

impl Text for Endpoint {
    const KIND: &'static str = "the URL of a collector";
    const LIKE: &'static str = "\"http://127.0.0.1:4318\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong =
            |label: &str| Fault::new(label).help(format!("write it such as {}", Self::LIKE));
        let (secure, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(wrong("expected http:// or https://")),
            None => return Err(wrong("the URL has no scheme")),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(Fault::new("a collector's URL has no user")
                .help("put `Authorization: …` into `headers_file`"));
        }
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => {
                let port = port.parse::<u16>().ok().filter(|port| *port > 0);
                (
                    name,
                    port.ok_or_else(|| wrong("the port must be from 1 to 65535"))?,
                )
            }
            _ => (authority, if secure { 443 } else { 80 }),
        };
        let visible = |b: u8| (b'!'..=b'~').contains(&b);
        if path.starts_with(['?', '#']) || path.contains('#') || !path.bytes().all(visible) {
            return Err(wrong("not a path that can be asked for"));
        }
        Ok(Self::new(secure, &host::host(name)?, port, path))
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^https?://[^/?#@\\s]+(/[^#\\s]*)?$" })
    }
}

impl Field for Attributes {
    const KIND: &'static str = "a table of names and texts";

    fn read(value: &Spanned<DeValue<'_>>, spot: &mut Spot<'_>) -> Option<Self> {
        const LIKE: &str = "write it such as { \"deployment.environment.name\" = \"prod\" }";
        const LONGEST: usize = 255;
        let DeValue::Table(table) = value.get_ref() else {
            let fault = Fault::new(found(value.get_ref())).help(LIKE);
            return spot.refuse(Self::KIND, value.span(), fault);
        };
        let mut pairs = Vec::new();
        for (name, value) in table.iter() {
            let DeValue::String(text) = value.get_ref() else {
                let fault = Fault::new(found(value.get_ref())).help(LIKE);
                return spot.refuse("a text", value.span(), fault);
            };
            if name.get_ref().is_empty() || name.get_ref().len() > LONGEST || text.len() > LONGEST {
                let fault = Fault::new("names and texts have 1 to 255 bytes");
                return spot.refuse(Self::KIND, value.span(), fault);
            }
            let (value, at) = (name.get_ref().to_string(), name.span());
            pairs.push((At { value, at }, text.to_string()));
        }
        pairs.sort_by_key(|(name, _)| name.at.start);
        let pairs = pairs.into_iter().map(|(name, text)| (name.value, text));
        Some(Self(pairs.collect()))
    }

    fn show(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| format!("{} = {}", text(name), text(value)));
        match pairs.collect::<Vec<_>>() {
            none if none.is_empty() => "{}".into(),
            pairs => format!("{{ {} }}", pairs.join(", ")),
        }
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": "string", "maxLength": 255 } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for (text, url, path) in [
            (
                "http://127.0.0.1:4318",
                "http://127.0.0.1:4318",
                "/v1/traces",
            ),
            (
                "http://127.0.0.1:4318/",
                "http://127.0.0.1:4318/",
                "/v1/traces",
            ),
            (
                "https://otel.example",
                "https://otel.example:443",
                "/v1/traces",
            ),
            (
                "http://otel.example/otlp/v1/traces?x=1",
                "http://otel.example:80/otlp/v1/traces?x=1",
                "/otlp/v1/traces?x=1",
            ),
            ("http://[::1]:4318", "http://[::1]:4318", "/v1/traces"),
        ] {
            let endpoint =
                Endpoint::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
            assert_eq!(
                (endpoint.text().as_str(), endpoint.path()),
                (url, path),
                "{text}"
            );
        }
        for bad in [
            "",
            "127.0.0.1:4318",
            "grpc://a:1",
            "http://",
            "http://a:0",
            "http://a:x",
            "http://user:pass@a:4318",
            "http://a:4318?x",
            "http://a:4318/ b",
            "http://a/#x",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad:?}");
        }
    }
}
