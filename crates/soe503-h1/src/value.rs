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

/// `Transfer-Encoding` must be exactly `chunked`.
pub(crate) fn coding(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    Err(other_coding(value))
}

#[cold]
fn other_coding(value: &[u8]) -> Refusal {
    let mut codings = value.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let last = codings.next().unwrap_or_default();
    let mut before = codings.peekable();
    let known = last.eq_ignore_ascii_case(b"chunked")
        && before.peek().is_some()
        && before.all(|coding| {
            !coding.eq_ignore_ascii_case(b"chunked")
                && coding.first().is_some_and(u8::is_ascii_alphanumeric)
        });
    if known {
        Refusal::CodingUnsupported
    } else {
        Refusal::Coding
    }
}

/// `uri-host [ ":" port ]` of RFC 9112 §3.2 and RFC 3986 §3.2.2, but not empty and without a comma,
/// which joins two hosts to one.
pub(crate) fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value.iter().rposition(|&byte| byte == b':' || byte == b']') {
        Some(at) if value[at] == b':' => (&value[..at], &value[at + 1..]),
        _ => (value, &b""[..]),
    };
    if port.len() > 5 || !port.iter().all(u8::is_ascii_digit) {
        return false;
    }
    if !port.is_empty() && length(port).is_none_or(|port| port > u64::from(u16::MAX)) {
        return false;
    }
    match host {
        [] => false,
        [b'[', address @ .., b']'] => {
            str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        name => name
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(&byte)),
    }
}
