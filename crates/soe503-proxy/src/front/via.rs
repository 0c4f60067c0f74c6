//! `Via` (RFC 9110 §7.6.3): that we were here, and how often.

use http::header::VIA;
use http::{HeaderMap, HeaderValue, Version};

use super::forwarded::append;

/// What we call ourselves. The same everywhere: a loop may lead over several of us.
const NAME: &str = "soe503";

/// Adds us, with the version in which the request was received.
pub(super) fn add(headers: &mut HeaderMap, received: Version) {
    let member = match received {
        Version::HTTP_2 => HeaderValue::from_static("2.0 soe503"),
        Version::HTTP_10 => HeaderValue::from_static("1.0 soe503"),
        _ => HeaderValue::from_static("1.1 soe503"),
    };
    append(headers, &VIA, &member);
}

/// How often we are among the hops already.
pub(super) fn hops(headers: &HeaderMap) -> usize {
    headers
        .get_all(VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|member| member.split_ascii_whitespace().nth(1) == Some(NAME))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hop_is_counted_and_nobody_else() {
        for (values, count) in [
            (&[][..], 0),
            (&["1.1 soe503"], 1),
            (&["1.1 soe503, 2.0 soe503 (edge), 1.0 fred"], 2),
            (&["1.1 soe503", "HTTP/1.1 soe503"], 2),
            (&["1.1 soe5033, 1.1 fred (soe503)", "soe503"], 0),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(VIA, HeaderValue::from_static(value));
            }
            assert_eq!(hops(&headers), count, "{values:?}");
        }
    }

    #[test]
    fn the_version_is_the_one_received() {
        let mut headers = HeaderMap::new();
        for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_10] {
            add(&mut headers, version);
        }
        assert_eq!(headers[VIA], "1.1 soe503, 2.0 soe503, 1.0 soe503");
        assert_eq!(hops(&headers), 3);
    }
}
