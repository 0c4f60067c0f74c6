//! From bytes to heads, and from heads to the way a body ends.

use super::message::{AnswerError, find};

/// More headers than any message here has.
const MAX_HEADERS: usize = 96;

pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) length: usize,
}

pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) length: usize,
}

pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<Head>, AnswerError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response
        .parse(bytes)
        .map_err(|error| AnswerError::Malformed(error.to_string()))?;
    let (httparse::Status::Complete(length), Some(status)) = (parsed, response.code) else {
        return Ok(None);
    };
    Ok(Some(Head {
        status,
        headers: owned(response.headers),
        length,
    }))
}

pub(super) fn parse_request_head(bytes: &[u8]) -> Result<Option<RequestHead>, AnswerError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request
        .parse(bytes)
        .map_err(|error| AnswerError::Malformed(error.to_string()))?;
    let (httparse::Status::Complete(length), Some(method), Some(target)) =
        (parsed, request.method, request.path)
    else {
        return Ok(None);
    };
    Ok(Some(RequestHead {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: owned(request.headers),
        length,
    }))
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|header| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        })
        .collect()
}

pub(super) fn framing(headers: &[(String, String)]) -> Result<Framing, AnswerError> {
    if let Some(coding) = find(headers, "transfer-encoding") {
        return match coding.to_ascii_lowercase().ends_with("chunked") {
            true => Ok(Framing::Chunked),
            false => Ok(Framing::UntilClose),
        };
    }
    match find(headers, "content-length") {
        Some(length) => length
            .parse()
            .map(Framing::Length)
            .map_err(|_| AnswerError::Malformed(format!("content-length {length}"))),
        None => Ok(Framing::UntilClose),
    }
}
