//! In which of two formats whoever scrapes wants to read.

/// A text format for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Of Prometheus, version 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0, which has examples of what was counted.
    OpenMetrics,
}

// === impl Format ===

impl Format {
    /// What the values of `Accept` ask for (RFC 9110 §12.5.1): OpenMetrics only if it is named, and not less
    /// wanted than the other one. Whoever names nothing gets what every reader knows.
    pub fn negotiate<'a>(accept: impl Iterator<Item = &'a str>) -> Self {
        let (mut open, mut plain) = (0.0_f32, 0.0_f32);
        for range in accept.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let (mut weight, mut known) = (1.0_f32, true);
            for (key, value) in parts.filter_map(|part| part.split_once('=')) {
                match key {
                    "q" | "Q" => weight = value.parse().unwrap_or(0.0),
                    "version" => known = matches!(value.trim_matches('"'), "1.0.0" | "1.0" | "1"),
                    _ => {}
                }
            }
            match name.to_ascii_lowercase().as_str() {
                "application/openmetrics-text" if known => open = weight.max(open),
                "text/plain" | "text/*" => plain = weight.max(plain),
                _ => {}
            }
        }
        match open > 0.0 && open >= plain {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_openmetrics_gets_it() {
        use Format::{OpenMetrics, Prometheus};
        // Prometheus 2.42, Prometheus 3, the Datadog agent, curl, browsers.
        let rows = [
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0,text/plain",
                OpenMetrics,
            ),
            ("text/plain", Prometheus),
            ("*/*", Prometheus),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Prometheus,
            ),
            ("application/openmetrics-text;version=0.0.1", Prometheus),
            (
                "application/openmetrics-text; version=1.0.0; q=0",
                Prometheus,
            ),
            (
                "application/openmetrics-text; q=0.2, text/plain; q=0.9",
                Prometheus,
            ),
            (
                "Application/OpenMetrics-Text; version=\"1.0.0\"",
                OpenMetrics,
            ),
            ("", Prometheus),
            (",;=;,q=,", Prometheus),
        ];
        for (accept, format) in rows {
            assert_eq!(Format::negotiate([accept].into_iter()), format, "{accept}");
        }
        assert_eq!(Format::negotiate(std::iter::empty()), Prometheus);
    }
}
