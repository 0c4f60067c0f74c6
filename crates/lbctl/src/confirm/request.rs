//! The request, and the head of its answer.

use core::time::Duration;
use std::error::Error as _;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    observation::{Answer, End},
    tags::Tags,
    target::Target,
    witness::{Seen, Witness},
};
use crate::clock;

/// What came of it, and how long the first byte took.
pub(super) struct Asked {
    pub(super) end: End,
    pub(super) first_byte: Option<Duration>,
}

/// Asks over `stream`. The body of the answer is not read.
pub(super) async fn ask<S>(target: &Target, method: &Method, stream: S, limit: Duration) -> Asked
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (stream, seen) = Witness::new(stream);
    let began = clock::now();
    let end = match tokio::time::timeout(limit, exchange(target, method, stream, &seen)).await {
        Ok(end) => end,
        Err(_) => End::Silence(limit),
    };
    Asked {
        end,
        first_byte: seen.first_at().map(|at| at.duration_since(began)),
    }
}

async fn exchange<S>(target: &Target, method: &Method, stream: Witness<S>, seen: &Seen) -> End
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let request = Request::builder()
        .method(method)
        .uri(&target.path)
        .header(header::HOST, &target.authority)
        .header(
            header::USER_AGENT,
            concat!("lbctl/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let request = match request {
        Ok(mut request) => {
            request.headers_mut().extend(target.headers.clone());
            request
        }
        Err(error) => return End::Closed(error.to_string()),
    };
    let (mut sender, connection) = match http1::handshake(TokioIo::new(stream)).await {
        Ok(pair) => pair,
        Err(error) => return failed(&error, seen),
    };
    let answer = async move { sender.send_request(request).await };
    tokio::pin!(answer, connection);
    let result = tokio::select! {
        biased;
        result = &mut answer => result,
        // The connection ends first when it fails; the answer then holds the reason.
        _ = &mut connection => answer.await,
    };
    match result {
        Ok(response) => End::Answer(Answer {
            status: response.status().as_u16(),
            tags: Box::new(Tags::of(response.headers())),
        }),
        Err(error) => failed(&error, seen),
    }
}

fn failed(error: &hyper::Error, seen: &Seen) -> End {
    let head = seen.head();
    // Bytes came, and they are no answer: hyper calls an answer that was cut short incomplete.
    if error.is_parse() || (error.is_incomplete_message() && !head.is_empty()) {
        return match head.starts_with(b"HTTP/1.") {
            true => End::Closed("the head of the answer is cut short or malformed".to_owned()),
            false => End::NotHttp(head),
        };
    }
    if error.is_incomplete_message() {
        return End::Closed("the connection was closed before an answer".to_owned());
    }
    match error.source() {
        Some(source) => End::Closed(plain(&source.to_string())),
        None => End::Closed(error.to_string()),
    }
}

/// An error without the `(os error 104)` that tells a person nothing.
pub(super) fn plain(text: &str) -> String {
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_owned()
}
