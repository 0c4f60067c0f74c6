//! An [`Entry`] as one line of JSON.

use std::borrow::Cow;
use std::io;

use http::{HeaderValue, Version};
use serde::Serialize;
use soe503_api::Timestamp;

use super::Entry;
use crate::control::clock::Anchor;
use crate::control::words;

/// The line's members, in their order. All are always there; what is not known is `null`, so that
/// a column-oriented reader sees one shape.
#[derive(Debug, Serialize)]
struct Line<'a> {
    ts: Timestamp,
    request_id: &'a str,
    trace_id: Option<String>,
    client: std::net::IpAddr,
    method: &'a str,
    host: Option<Cow<'a, str>>,
    path: Option<&'a str>,
    protocol: &'static str,
    status: Option<u16>,
    bytes: u64,
    duration_ms: f64,
    route: Option<&'a str>,
    pool: Option<&'a str>,
    backend: Option<&'a str>,
    attempts: u8,
    cause: Option<&'static str>,
    origin: Option<&'static str>,
    retry: Option<&'static str>,
    user_agent: Option<Cow<'a, str>>,
}

/// Appends `entry` and a line feed to `out`. JSON escapes every control character, so no client
/// can forge a line.
///
/// # Errors
///
/// None in practice: writing to memory does not fail and every member has a JSON form.
pub(super) fn append(
    out: &mut Vec<u8>,
    entry: &Entry,
    anchor: Anchor,
    log_query: bool,
) -> io::Result<()> {
    let path = entry.target.as_ref().map(|target| {
        if log_query {
            target.as_str()
        } else {
            target.path()
        }
    });
    let line = Line {
        ts: anchor.date(entry.started),
        request_id: &entry.request_id,
        trace_id: entry.trace.map(|trace| {
            let (high, low) = trace.halves();
            format!("{high:016x}{low:016x}")
        }),
        client: entry.client,
        method: entry.method.as_str(),
        host: entry.host.as_ref().map(text),
        path,
        protocol: protocol(entry.protocol),
        status: entry.status,
        bytes: entry.bytes,
        duration_ms: entry.duration.as_micros() as f64 / 1000.0,
        route: entry.route.as_deref(),
        pool: entry.pool.as_deref(),
        backend: entry.backend.as_deref(),
        attempts: entry.attempts,
        cause: entry.cause.map(soe503_core::Cause::id),
        origin: entry.origin.map(crate::state::Origin::id),
        retry: entry.retry.map(words::retry_verdict),
        user_agent: entry.user_agent.as_ref().map(text),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP",
    }
}
