//! The gRPC health protocol: `grpc.health.v1.Health/Check`.
//!
//! Two messages with one field each, so they are written and read here: a request names a service in
//! field 1, an answer has a status in field 1 (`grpc/health/v1/health.proto`). A message is preceded by
//! a byte that says whether it is compressed, and by its length.

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use soe503::grpc;

use super::http::{AGENT, Driven, MAX_HEAD_LIST, impossible};
use super::sockets::Ask;
use super::stopped::Stopped;
use crate::net::Stream;

const METHOD: &str = "/grpc.health.v1.Health/Check";
/// The largest answer that is read: one message of a few bytes, with room to grow.
const LARGEST: usize = 4 * 1024;
/// The length of what precedes a message.
const PREFIX: usize = 5;

/// What an answer says, by its number in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Unknown,
    Serving,
    NotServing,
    ServiceUnknown,
    Other(u64),
}

const NOT_FOUND: u32 = 5;
const UNIMPLEMENTED: u32 = 12;
const UNAVAILABLE: u32 = 14;

/// Asks about `service`; empty: the server as a whole. Everything but `SERVING` is an error.
pub(super) async fn check(stream: Stream, service: &str, ask: &Ask<'_>) -> Result<(), Stopped> {
    let request = Request::post(ask.url(METHOD))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, AGENT)
        .header(grpc::TIMEOUT, grpc::timeout_value(ask.timeout))
        .body(Full::new(question(service)))
        .map_err(|error| impossible(METHOD, &error))?;
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEAD_LIST)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Stopped::http(&error))?;
    let mut driven = Driven::new(connection);
    let response = driven.answer(sender.send_request(request)).await?;
    let status = response.status().as_u16();
    if status != 200 {
        let text = format!("{METHOD} answered {status}, which gRPC never does");
        return Err(Stopped::not_grpc(status, text));
    }
    if !grpc::is_grpc(response.headers()) {
        return Err(Stopped::invalid(format!(
            "{METHOD}: the answer is not gRPC"
        )));
    }
    let (head, body) = response.into_parts();
    let read = driven.run(Limited::new(body, LARGEST).collect()).await;
    let body =
        read.map_err(|error| Stopped::invalid(format!("{METHOD}: the answer broke off: {error}")))?;
    let code = code(body.trailers()).or_else(|| code(Some(&head.headers)));
    verdict(service, code, &body.to_bytes())
}

/// `code` is the `grpc-status`, `body` what came before it.
fn verdict(service: &str, code: Option<u32>, body: &[u8]) -> Result<(), Stopped> {
    let about = match service {
        "" => String::new(),
        service => format!(" of {service}"),
    };
    let said = |word: &str| format!("{METHOD}{about}: {word}");
    let (code, text) = match code {
        None => return Err(Stopped::invalid(said("the answer has no grpc-status"))),
        Some(0) => match serving(body) {
            None => return Err(Stopped::invalid(said("the answer is no health message"))),
            Some(Status::Serving) => return Ok(()),
            Some(Status::NotServing) => (UNAVAILABLE, said("NOT_SERVING")),
            Some(Status::Unknown) => (UNAVAILABLE, said("UNKNOWN")),
            Some(Status::ServiceUnknown) => (
                NOT_FOUND,
                said("SERVICE_UNKNOWN, the server does not know the service"),
            ),
            Some(Status::Other(number)) => (UNAVAILABLE, said(&format!("status {number}"))),
        },
        Some(NOT_FOUND) => (
            NOT_FOUND,
            said("NOT_FOUND, the server does not know the service"),
        ),
        Some(UNIMPLEMENTED) => (
            UNIMPLEMENTED,
            said("UNIMPLEMENTED, the server does not speak the health protocol"),
        ),
        Some(code) => (code, said(&named(code))),
    };
    Err(Stopped::grpc(code, text))
}

/// The request, with what precedes it.
fn question(service: &str) -> Bytes {
    let mut message = Vec::with_capacity(service.len() + 3);
    if !service.is_empty() {
        message.push(1 << 3 | 2);
        let mut length = service.len();
        while length >= 0x80 {
            message.push(length as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.append(&mut message);
    framed.into()
}

/// What the one message in `body` says; `None` if it is none.
fn serving(body: &[u8]) -> Option<Status> {
    let (prefix, message) = body.split_at_checked(PREFIX)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
    if prefix[0] != 0 || usize::try_from(length).ok()? != message.len() {
        return None;
    }
    // A field that is not there has its default, and of several the last one counts.
    let (mut rest, mut status) = (message, 0);
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        match (tag >> 3, tag & 7) {
            (1, 0) => status = varint(&mut rest)?,
            // Fields of a later version.
            (_, 0) => drop(varint(&mut rest)?),
            (_, 1) => rest = rest.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                rest = rest.get(length..)?;
            }
            (_, 5) => rest = rest.get(4..)?,
            _ => return None,
        }
    }
    Some(match status {
        0 => Status::Unknown,
        1 => Status::Serving,
        2 => Status::NotServing,
        3 => Status::ServiceUnknown,
        other => Status::Other(other),
    })
}

/// Takes a number off `bytes`: seven bits a byte, the lowest first, at most ten bytes.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn code(fields: Option<&HeaderMap>) -> Option<u32> {
    fields?
        .get(grpc::STATUS)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// The name of a `grpc-status`.
fn named(code: u32) -> String {
    let name = match code {
        1 => "CANCELLED",
        2 => "UNKNOWN",
        3 => "INVALID_ARGUMENT",
        4 => "DEADLINE_EXCEEDED",
        6 => "ALREADY_EXISTS",
        7 => "PERMISSION_DENIED",
        8 => "RESOURCE_EXHAUSTED",
        9 => "FAILED_PRECONDITION",
        10 => "ABORTED",
        11 => "OUT_OF_RANGE",
        13 => "INTERNAL",
        14 => "UNAVAILABLE",
        15 => "DATA_LOSS",
        16 => "UNAUTHENTICATED",
        other => return format!("grpc-status {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
#[path = "grpc_tests.rs"]
mod tests;
