//! Heads and chunks as bytes, appended to the caller's buffer.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::decoder::is_forbidden_trailer;
use crate::limits::BodyLength;
use crate::plain::Written;

/// What follows a chunk's data.
pub const CHUNK_END: &[u8] = b"\r\n";

/// What a response says about its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionOut {
    /// Nothing: HTTP/1.1's default, the connection stays.
    Omit,
    /// `keep-alive`, for HTTP/1.0 clients.
    KeepAlive,
    /// `close`.
    Close,
    /// `upgrade`; the `Upgrade` field comes from the map.
    Upgrade,
}

/// Appends a request's head, always `HTTP/1.1`.
pub fn write_request_head(
    out: &mut Vec<u8>,
    method: &Method,
    target: &Uri,
    headers: &HeaderMap,
    body: BodyLength,
    upgrade: Option<&HeaderValue>,
) {
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    let path = target.path_and_query().map_or("/", |path| path.as_str());
    if path.starts_with('?') {
        out.push(b'/');
    }
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in headers {
        let name = name.as_str();
        match role(name) {
            Role::Plain | Role::Date => write_field(out, name, value),
            Role::Ours | Role::Length | Role::Upgrade => {}
        }
    }
    if let Some(upgrade) = upgrade {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: ");
        out.extend_from_slice(upgrade.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    write_framing(out, body);
    out.extend_from_slice(b"\r\n");
}

/// Appends a response's head, always `HTTP/1.1`.
pub fn write_response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    headers: &HeaderMap,
    body: BodyLength,
    connection: ConnectionOut,
    date: Option<&[u8]>,
) {
    write_status_line(out, status);
    let without = status.is_informational() || status == StatusCode::NO_CONTENT;
    let own_length = !without && body == BodyLength::None;
    let mut date = date;
    for (name, value) in headers {
        let name = name.as_str();
        match role(name) {
            Role::Ours => continue,
            Role::Length if !own_length => continue,
            Role::Date => date = None,
            Role::Plain | Role::Length | Role::Upgrade => {}
        }
        write_field(out, name, value);
    }
    write_end(out, date, connection, body, without);
}

/// Appends the head of a response whose fields, `lines`, were written by
/// [`parse_plain_response`](crate::parse_plain_response). `date` is added if they have none.
pub fn write_plain_response_head(
    out: &mut Vec<u8>,
    status: StatusCode,
    lines: &[u8],
    written: Written,
    body: BodyLength,
    connection: ConnectionOut,
    date: &[u8],
) {
    write_status_line(out, status);
    out.extend_from_slice(lines);
    let date = (!written.dated).then_some(date);
    write_end(out, date, connection, body, false);
}

fn write_status_line(out: &mut Vec<u8>, status: StatusCode) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// What follows the fields that came. `without`: nothing about a body.
fn write_end(
    out: &mut Vec<u8>,
    date: Option<&[u8]>,
    connection: ConnectionOut,
    body: BodyLength,
    without: bool,
) {
    if let Some(date) = date {
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(date);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(match connection {
        ConnectionOut::Omit => b"",
        ConnectionOut::KeepAlive => b"connection: keep-alive\r\n",
        ConnectionOut::Close => b"connection: close\r\n",
        ConnectionOut::Upgrade => b"connection: upgrade\r\n",
    });
    if !without {
        write_framing(out, body);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a chunk's head: its length and CRLF. The data and [`CHUNK_END`] follow. A chunk of length 0
/// would be the body's end: there is none.
pub fn write_chunk_head(out: &mut Vec<u8>, len: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    debug_assert!(len > 0, "a chunk of length 0 ends the body");
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(DIGITS[(len >> (digit * 4)) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the chunk that ends the body, with its trailer section.
pub fn write_last_chunk(out: &mut Vec<u8>, trailers: Option<&HeaderMap>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.into_iter().flatten() {
        if !is_forbidden_trailer(name.as_str()) {
            write_field(out, name.as_str(), value);
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// What a field of the map is to the encoders.
enum Role {
    Plain,
    /// Only this module writes it.
    Ours,
    Length,
    Upgrade,
    Date,
}

/// A name's length and first letter tell most of them apart from the rest.
fn role(name: &str) -> Role {
    let is = |other, role| if name == other { role } else { Role::Plain };
    match (name.len(), name.as_bytes()[0]) {
        (4, b'd') => is("date", Role::Date),
        (7, b'u') => is("upgrade", Role::Upgrade),
        (10, b'c') => is("connection", Role::Ours),
        (10, b'k') => is("keep-alive", Role::Ours),
        (14, b'c') => is("content-length", Role::Length),
        (16, b'p') => is("proxy-connection", Role::Ours),
        (17, b't') => is("transfer-encoding", Role::Ours),
        _ => Role::Plain,
    }
}

fn write_field(out: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    let value = value.as_bytes();
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

fn write_framing(out: &mut Vec<u8>, body: BodyLength) {
    match body {
        BodyLength::None | BodyLength::UntilClose => {}
        BodyLength::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        BodyLength::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            write_decimal(out, length);
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn write_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
