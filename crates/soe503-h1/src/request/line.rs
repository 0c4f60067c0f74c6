//! A head that could not be parsed to its end: is it incomplete, or what is wrong with it? Only heads
//! that are incomplete or refused come here.

use httparse::{Error, Request};

use crate::limits::HeadLimits;
use crate::refusal::Refusal;
use crate::request::target;

/// `Ok`: more bytes are needed.
#[cold]
pub(crate) fn unfinished(
    head: &[u8],
    line: &Request<'_, '_>,
    error: Option<Error>,
    limits: &HeadLimits,
) -> Result<(), Refusal> {
    let offset = |part: &str| part.as_ptr().addr() - head.as_ptr().addr() + part.len() + 1;
    let more = || {
        if head.len() >= limits.max_bytes {
            Err(Refusal::HeadTooLarge)
        } else {
            Ok(())
        }
    };
    if let (Some(method), None) = (line.method, line.path) {
        let rest = head.get(offset(method)..).unwrap_or_default();
        let target = rest
            .iter()
            .take_while(|&&byte| byte > b' ' && byte != 0x7f)
            .count();
        if target > limits.max_target.min(target::MOST) {
            return Err(Refusal::TargetTooLong);
        }
        return match (error, &rest[target..]) {
            (None, _) | (_, b"\r") => more(),
            (_, [b'\n', ..] | [b'\r', b'\n', ..]) if target > 0 => Err(Refusal::Version),
            (_, [b'\n' | b'\r' | b' ', ..]) if target == 0 => Err(Refusal::RequestLine),
            _ => Err(Refusal::Target),
        };
    }
    let Some(error) = error else { return more() };
    let after = line.path.map_or(&[][..], |target| {
        head.get(offset(target)..).unwrap_or_default()
    });
    Err(match error {
        Error::TooManyHeaders => Refusal::TooManyHeaders,
        Error::HeaderValue => Refusal::HeaderValue,
        Error::HeaderName => name_or_fold(after),
        Error::Version => match after {
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', ..] => Refusal::Version,
            _ => Refusal::RequestLine,
        },
        // The line after the last field begins with CR and goes on with something else.
        Error::NewLine
            if after.len() > 9 && matches!(&after[8..], [b'\r', b'\n', ..] | [b'\n', ..]) =>
        {
            Refusal::HeaderName
        }
        Error::Token if line.method.is_none() => match head {
            [0x16] => return more(),
            [0x16, 0x03, ..] => Refusal::TlsRecord,
            _ => method(head),
        },
        _ => Refusal::RequestLine,
    })
}

/// The method is followed by a byte that is neither a token's nor the space behind it.
fn method(head: &[u8]) -> Refusal {
    let line = head.trim_ascii_start();
    match line.iter().find(|&&byte| !is_token(byte)) {
        Some(b'\r' | b'\n' | b' ') => Refusal::RequestLine,
        _ => Refusal::Method,
    }
}

/// A field name is wrong: is it the white space of a folded line?
fn name_or_fold(after: &[u8]) -> Refusal {
    for line in after.split(|&byte| byte == b'\n').skip(1) {
        let name = line.iter().take_while(|&&byte| is_token(byte)).count();
        match line.get(name) {
            Some(b':') if name > 0 => {}
            Some(b' ' | b'\t') if name == 0 => return Refusal::ObsFold,
            _ => break,
        }
    }
    Refusal::HeaderName
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
