//! What the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use http::HeaderMap;
use soe503_h1::{BodyFault, BodyLength, Decoder, HeadLimits, Refusal, RequestHead, Step};
use soe503_h1::{parse_request, parse_response};

/// Limits that none of the usual heads meets.
pub(crate) const LIMITS: HeadLimits = HeadLimits {
    max_bytes: 8192,
    max_headers: 100,
    max_target: 1024,
};

/// The head that `bytes` begin with, and what follows it.
pub(crate) fn request(bytes: &[u8]) -> Result<(RequestHead, &[u8]), Refusal> {
    let head = parse_request(bytes, &LIMITS)?.expect("the head is complete");
    let rest = &bytes[head.len..];
    Ok((head, rest))
}

/// The outcome when `bytes` come in pieces that end at `cuts`: the first that is not "more bytes".
pub(crate) fn request_in_pieces(
    bytes: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &HeadLimits,
) -> String {
    let mut seen = 0;
    for cut in cuts.into_iter().chain([bytes.len()]) {
        let outcome = parse_request(&bytes[..cut], limits);
        if !limits.worth_parsing(&bytes[..cut], seen) {
            assert!(
                matches!(outcome, Ok(None)),
                "not worth parsing, and yet {outcome:?}"
            );
        }
        seen = cut;
        if !matches!(outcome, Ok(None)) {
            return format!("{outcome:?}");
        }
    }
    "more".to_owned()
}

/// The same for a response to `to`.
pub(crate) fn response_in_pieces(
    bytes: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &HeadLimits,
    to: &http::Method,
) -> String {
    for cut in cuts.into_iter().chain([bytes.len()]) {
        let outcome = parse_response(&bytes[..cut], limits, to);
        if !matches!(outcome, Ok(None)) {
            return format!("{outcome:?}");
        }
    }
    "more".to_owned()
}

/// What a decoder made of a body.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) data: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// The fault, or how many bytes were left over after the end; `None`: more bytes are needed.
    pub(crate) end: Option<Result<usize, BodyFault>>,
}

/// Decodes a body that comes in `pieces`.
pub(crate) fn decode<'a>(
    length: BodyLength,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Decoded {
    let mut decoder = Decoder::new(length);
    let mut decoded = Decoded::default();
    let mut left = 0;
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        loop {
            match decoder.decode(&mut input) {
                Ok(Step::Data(data)) => {
                    assert!(!data.is_empty(), "a step without data");
                    decoded.data.extend_from_slice(&data);
                }
                Ok(Step::Trailers(map)) => decoded.trailers = Some(map),
                Ok(Step::More) => {
                    assert!(input.is_empty(), "more is asked for, and there is more");
                    break;
                }
                Ok(Step::End) => {
                    assert!(decoder.is_end());
                    left += input.len();
                    decoded.end = Some(Ok(left));
                    break;
                }
                Err(fault) => {
                    assert_eq!(decoder.decode(&mut input).unwrap_err(), fault, "it stays");
                    decoded.end = Some(Err(fault));
                    return decoded;
                }
            }
        }
    }
    decoded
}
