//! What clients say about having asked before.

use http::{HeaderMap, HeaderName};

/// A request extension: the client says that it has sent this before. For whoever takes the fields that say so
/// off the head.
///
/// It decides nothing about the request. If it fails, it is counted, to tell a storm of retries from many
/// clients (rule R13 of the diagnosis).
#[derive(Clone, Copy, Debug)]
pub struct Again;

const ENVOY_ATTEMPT: HeaderName = HeaderName::from_static("x-envoy-attempt-count");
const GRPC_PREVIOUS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");
const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");

impl Again {
    /// Whether `headers` say so: `x-envoy-attempt-count` from 2 on, `grpc-previous-rpc-attempts` or
    /// `retry-attempt` from 1 on.
    pub fn is_said(headers: &HeaderMap) -> bool {
        // Envoy counts from 1 for the first; the others say how many there were before.
        [(ENVOY_ATTEMPT, 2), (GRPC_PREVIOUS, 1), (RETRY_ATTEMPT, 1)]
            .into_iter()
            .any(|(name, least)| {
                let value = headers.get(name).and_then(|value| value.to_str().ok());
                let number = value.and_then(|text| text.trim().parse::<u32>().ok());
                number.is_some_and(|number| number >= least)
            })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn fields_of_three_kinds() {
        let rows = [
            ("x-envoy-attempt-count", "1", false),
            ("x-envoy-attempt-count", "2", true),
            ("grpc-previous-rpc-attempts", "0", false),
            ("grpc-previous-rpc-attempts", "1", true),
            ("retry-attempt", "1", true),
            ("retry-attempt", "yes", false),
            ("x-other", "7", false),
        ];
        for (name, value, said) in rows {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(Again::is_said(&headers), said, "{name}: {value}");
        }
    }
}
