//! Values that decide where a message ends or where it goes: `Content-Length`, `Transfer-Encoding`,
//! `Host`.

use std::net::Ipv6Addr;

use crate::refusal::Refusal;

/// A decimal number of at most 19 digits and below 2^63: what every implementation holds, with
/// signed numbers too.
pub(crate) fn length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > 19 {
        return None;
    }
    let mut number = 0_u64;
    for &byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (number <= i64::MAX as u64).then_some(number)
}

/// Without the white space of RFC 9110 §5.6.3 around it; what else is called white space stays.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// `Transfer-Encoding` must be exactly `chunked`.
pub(crate) fn coding(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"chunked") {
        Ok(())
    } else {
        Err(other_coding(value))
    }
}

/// Is it a coding that could be asked for, and is not supported, or nonsense?
#[cold]
fn other_coding(value: &[u8]) -> Refusal {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let is_token = |coding: &[u8]| http::HeaderName::from_bytes(coding).is_ok();
    let mut codings = value.rsplit(|&byte| byte == b',').map(trim);
    let last = codings.next().is_some_and(is_chunked);
    let mut others = 0;
    if last
        && codings.all(|coding| {
            others += 1;
            is_token(coding) && !is_chunked(coding)
        })
        && others > 0
    {
        Refusal::CodingUnsupported
    } else {
        Refusal::Coding
    }
}

/// Whether `value` can be a `Host`: `uri-host [ ":" port ]` of RFC 9112 §3.2 and RFC 3986 §3.2.2, but not
/// empty and without a comma, which joins two hosts to one. It names no user.
pub fn is_host(value: &[u8]) -> bool {
    match value.iter().position(|&byte| !HOST[byte as usize]) {
        None => !value.is_empty(),
        Some(at) if at > 0 && value[at] == b':' => is_port(&value[at + 1..]),
        Some(_) => is_unusual_host(value),
    }
}

/// The bytes of the usual host.
static HOST: [bool; 256] = {
    let mut host = [false; 256];
    let mut at = 0;
    while at < 256 {
        host[at] =
            (at as u8).is_ascii_alphanumeric() || matches!(at as u8, b'-' | b'.' | b'_' | b'~');
        at += 1;
    }
    host
};

/// An IPv6 address, or a name with a rare character.
#[cold]
fn is_unusual_host(value: &[u8]) -> bool {
    if let [b'[', rest @ ..] = value {
        let Some(end) = rest.iter().position(|&byte| byte == b']') else {
            return false;
        };
        let address = str::from_utf8(&rest[..end]).unwrap_or_default();
        return address.parse::<Ipv6Addr>().is_ok()
            && match &rest[end + 1..] {
                [] => true,
                [b':', port @ ..] => is_port(port),
                _ => false,
            };
    }
    let mut rest = value;
    loop {
        rest = match rest {
            [b':', port @ ..] => return rest.len() < value.len() && is_port(port),
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest
            }
            [byte, rest @ ..] if HOST[*byte as usize] || b"!$&'()*+;=".contains(byte) => rest,
            _ => return false,
        };
    }
}

/// `*DIGIT`, at most 65535.
fn is_port(port: &[u8]) -> bool {
    port.is_empty() || (port.len() <= 5 && length(port).is_some_and(|port| port <= u16::MAX.into()))
}
