//! The fields of a rate limit (draft-ietf-httpapi-ratelimit-headers-10), and its part of the document.

use sfv::{Integer, KeyRef, ListSerializer, StringRef, key_ref};

use super::Telling;
use super::clean::{ascii, clean};
use crate::ledger::{Fault, Refusal};
use crate::rate::Limited;

/// Longest name of a limit.
const LONGEST: usize = 64;

/// `RateLimit-Policy` and `RateLimit`, if a limit ended the request.
///
/// What is left (`r`) is nothing, and `t` is when the limit has room again: `Retry-After` is never
/// earlier.
pub(super) fn fields(telling: &Telling<'_>) -> Option<[(&'static str, String); 2]> {
    let limited = limited(telling)?;
    let (requests, window) = limited.quota.announced();
    // Rounded up: a second too early is refused again.
    let reset = limited.wait.as_nanos().div_ceil(1_000_000_000);
    let reset = u64::try_from(reset).unwrap_or(u64::MAX);
    Some([
        (
            "ratelimit-policy",
            member(
                &limited.name,
                [(key_ref("q"), requests), (key_ref("w"), window)],
            ),
        ),
        (
            "ratelimit",
            member(&limited.name, [(key_ref("r"), 0), (key_ref("t"), reset)]),
        ),
    ])
}

/// The names of the limits that ended the request.
pub(super) fn violated(telling: &Telling<'_>) -> Vec<String> {
    let name = limited(telling).map(|limited| clean(&limited.name, LONGEST));
    name.into_iter().collect()
}

fn limited<'a>(telling: &Telling<'a>) -> Option<&'a Limited> {
    match &telling.diagnosis.fault {
        Some(Fault::Refused(Refusal::RateLimited(limited))) => Some(limited),
        _ => None,
    }
}

/// A list of one string with two integers.
fn member(name: &str, parameters: [(&KeyRef, u64); 2]) -> String {
    let name = ascii(name, LONGEST);
    let Ok(name) = StringRef::from_str(&name) else {
        // Cannot be: `ascii` leaves nothing that a string may not hold.
        return String::new();
    };
    let mut list = ListSerializer::new();
    {
        let mut member = list.bare_item(name);
        for (key, value) in parameters {
            let value = Integer::try_from(value).unwrap_or(Integer::MAX);
            member = member.parameter(key, value);
        }
    }
    list.finish().unwrap_or_default()
}
