//! The fields of a rate limit (draft-ietf-httpapi-ratelimit-headers-10), and its part of the document.

use core::time::Duration;

use sfv::{Integer, KeyRef, ListSerializer, StringRef, key_ref};

use super::Telling;
use super::clean::{ascii, clean};
use crate::ledger::{Fault, Refusal};
use crate::rate::{Left, Limited, Quota, RateLimit};

/// Longest name of a limit.
const LONGEST: usize = 64;

/// What limits tell a caller whose request they have let through: `RateLimit-Policy` and `RateLimit`,
/// with a member for each limit. Empty, it has allocated nothing.
///
/// `r` is how many requests more would be let through now, and `t` is when all that was used is back, in
/// seconds; where nothing is left, when the next request would be let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateFields {
    policy: String,
    left: String,
}

impl RateFields {
    /// Adds what `limit` has `left`. A limit that only counts, or is not to announce anything, adds nothing.
    pub fn add(&mut self, limit: &RateLimit, left: &Left) {
        let config = limit.config();
        if config.shadow || !config.announce {
            return;
        }
        let until = match left.requests {
            0 => left.next,
            _ => left.reset,
        };
        let [policy, left] = members(limit.name(), &config.quota, left.requests, until);
        for (list, member) in [(&mut self.policy, policy), (&mut self.left, left)] {
            if list.is_empty() {
                *list = member;
            } else {
                *list += ", ";
                *list += &member;
            }
        }
    }

    /// Nobody has anything to say.
    pub fn is_empty(&self) -> bool {
        self.policy.is_empty()
    }

    /// Names and values of the fields; `None` if nobody has anything to say.
    pub fn into_fields(self) -> Option<[(&'static str, String); 2]> {
        let Self { policy, left } = self;
        (!policy.is_empty()).then_some([(POLICY, policy), (LEFT, left)])
    }
}

const POLICY: &str = "ratelimit-policy";
const LEFT: &str = "ratelimit";

/// `RateLimit-Policy` and `RateLimit`, if a limit ended the request.
///
/// What is left (`r`) is nothing, and `t` is when the limit has room again: `Retry-After` is never
/// earlier.
pub(super) fn fields(telling: &Telling<'_>) -> Option<[(&'static str, String); 2]> {
    let limited = limited(telling)?;
    let [policy, left] = members(&limited.name, &limited.quota, 0, limited.wait);
    Some([(POLICY, policy), (LEFT, left)])
}

/// What is allowed, and what is `left` of it.
fn members(name: &str, quota: &Quota, left: u64, until: Duration) -> [String; 2] {
    let (requests, window) = quota.announced();
    // Rounded up: a second too early is refused again.
    let until = until.as_nanos().div_ceil(1_000_000_000);
    let until = u64::try_from(until).unwrap_or(u64::MAX);
    [
        member(name, [(key_ref("q"), requests), (key_ref("w"), window)]),
        member(name, [(key_ref("r"), left), (key_ref("t"), until)]),
    ]
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
