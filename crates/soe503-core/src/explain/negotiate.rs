//! Which form of an answer a client wants.

use super::Format;

/// What can be had, best first among equals, with the media types it answers to.
const OFFERS: [(Format, &str, &str); 6] = [
    (Format::ProblemJson, "application", "problem+json"),
    (Format::ProblemJson, "application", "json"),
    (Format::Html, "text", "html"),
    (Format::Html, "application", "xhtml+xml"),
    (Format::Markdown, "text", "markdown"),
    (Format::Text, "text", "plain"),
];

/// Longest field that is read, and most ranges in it.
const LONGEST: usize = 2048;
const MOST: usize = 64;

/// The form for a request with this `Accept` (RFC 9110 §12.5.1).
///
/// The highest quality wins; among equals the more specific range, then the order of preference:
/// problem document, HTML, Markdown, text. Without the field, or where nothing fits, the problem
/// document: RFC 9457 allows to send it unasked.
pub fn negotiate(accept: Option<&str>) -> Format {
    let Some(accept) = accept.filter(|accept| accept.len() <= LONGEST) else {
        return Format::ProblemJson;
    };
    // What most programs say: anything.
    if accept == "*/*" {
        return Format::ProblemJson;
    }
    let ranges: Vec<Range<'_>> = accept.split(',').take(MOST).filter_map(range).collect();
    if ranges.iter().any(|r| r.is_grpc() && r.quality > 0) {
        return Format::Grpc;
    }
    let mut best = (0, 0, Format::ProblemJson);
    for (format, kind, subtype) in OFFERS {
        // The most specific range that matches decides the quality of an offer.
        let matching = ranges
            .iter()
            .filter_map(|range| Some((range.specificity(kind, subtype)?, range.quality)))
            .max_by_key(|(specificity, _)| *specificity);
        if let Some((specificity, quality)) = matching
            && quality > 0
            && (quality, specificity) > (best.0, best.1)
        {
            best = (quality, specificity, format);
        }
    }
    best.2
}

/// The form for a request: gRPC for a gRPC request, whatever it accepts, else by `Accept`.
pub fn negotiate_request(content_type: Option<&str>, accept: Option<&str>) -> Format {
    let grpc = content_type.is_some_and(|value| {
        let kind = value.trim().to_ascii_lowercase();
        kind.strip_prefix("application/grpc")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';', ' ']))
    });
    if grpc {
        Format::Grpc
    } else {
        negotiate(accept)
    }
}

/// One media range with its quality in thousandths.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    quality: u16,
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';');
    let (kind, subtype) = parts.next()?.trim().split_once('/')?;
    let mut quality = 1000;
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("q") {
            quality = thousandths(value.trim())?;
        }
    }
    Some(Range {
        kind,
        subtype,
        quality,
    })
}

/// `qvalue` of RFC 9110 §12.4.2: 0 to 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return None;
    }
    let fraction: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

impl Range<'_> {
    /// How closely it names the type; `None` if it does not.
    fn specificity(&self, kind: &str, subtype: &str) -> Option<u8> {
        if self.kind == "*" && self.subtype == "*" {
            Some(1)
        } else if !self.kind.eq_ignore_ascii_case(kind) {
            None
        } else if self.subtype == "*" {
            Some(2)
        } else {
            self.subtype.eq_ignore_ascii_case(subtype).then_some(3)
        }
    }

    fn is_grpc(&self) -> bool {
        self.specificity("application", "grpc") == Some(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_offer_wins() {
        let rows: [(&str, Format); 22] = [
            ("", Format::ProblemJson),
            ("*/*", Format::ProblemJson),
            ("application/json", Format::ProblemJson),
            ("application/problem+json", Format::ProblemJson),
            ("text/html", Format::Html),
            ("TEXT/HTML; Q=0.5", Format::Html),
            // Firefox and Chrome.
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Format::Html,
            ),
            ("text/html;q=0.9, application/json", Format::ProblemJson),
            ("text/html;q=0.4, text/plain;q=0.5", Format::Text),
            ("text/markdown, */*;q=0.1", Format::Markdown),
            ("text/*", Format::Html),
            ("text/*, text/html;q=0", Format::Markdown),
            (
                "*/*, application/problem+json;q=0, application/json;q=0",
                Format::Html,
            ),
            // The general range does not outrank the named one of the same quality.
            ("*/*, text/plain", Format::Text),
            ("image/png", Format::ProblemJson),
            ("text/html;q=0", Format::ProblemJson),
            ("text/html;q=2, text/plain;q=0.1", Format::Text),
            ("text/html;q=0.1234, text/plain;q=0.1", Format::Text),
            ("garbage, ;;;, /, text/plain", Format::Text),
            ("application/grpc", Format::Grpc),
            ("application/grpc;q=0", Format::ProblemJson),
            ("application/grpc;q=0, text/html", Format::Html),
        ];
        for (accept, format) in rows {
            assert_eq!(negotiate(Some(accept)), format, "{accept}");
        }
        assert_eq!(negotiate(None), Format::ProblemJson);
        for (quality, format) in [
            ("1", Format::Html),
            ("1.0", Format::Html),
            ("1.000", Format::Html),
            ("1.001", Format::Text),
            ("0.5", Format::Html),
            ("0.099", Format::Text),
            ("0.0001", Format::Text),
            ("0.x", Format::Text),
        ] {
            let accept = format!("text/html;q={quality}, text/plain;q=0.1");
            assert_eq!(negotiate(Some(&accept)), format, "{accept}");
        }
        for (length, format) in [(LONGEST, Format::Html), (LONGEST + 1, Format::ProblemJson)] {
            let padded = format!("{:<length$}", "text/html");
            assert_eq!(negotiate(Some(&padded)), format, "{length}");
        }
        for (others, format) in [(MOST - 1, Format::Html), (MOST, Format::ProblemJson)] {
            let accept = format!("{}text/html", "image/png,".repeat(others));
            assert_eq!(negotiate(Some(&accept)), format, "after {others} others");
        }
        assert_eq!(
            negotiate(Some(&"text/html,".repeat(10_000))),
            Format::ProblemJson
        );
    }

    #[test]
    fn a_grpc_request_gets_grpc() {
        for grpc in [
            "application/grpc",
            "application/grpc+proto",
            "Application/GRPC;x=y",
        ] {
            assert_eq!(
                negotiate_request(Some(grpc), Some("text/html")),
                Format::Grpc
            );
        }
        for other in ["application/grpc-web", "application/json"] {
            assert_eq!(negotiate_request(Some(other), None), Format::ProblemJson);
        }
    }
}
