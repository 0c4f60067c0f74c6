//! The headers of an answer. They carry everything essential, for HEAD and for programs.

use core::time::Duration;
use std::borrow::Cow;

use sfv::{KeyRef, key_ref};

use super::clean::identifier;
use super::digits::{join, number, tenths};
use super::field::Field;
use super::names::Names;
use super::{Exposure, Format, Telling, course, proxy_status, rate_limit, status, words};
use crate::cause::Blame;
use crate::diagnosis::mechanical;
use crate::hops::{self, Below, Reach};

/// Longest identifier of a request, an incident or a trace.
pub(super) const LONGEST_ID: usize = 64;
const INCIDENT: &KeyRef = key_ref("inc");
const GRADE: &KeyRef = key_ref("grade");
const ROOT: &KeyRef = key_ref("root");
const SINCE: &KeyRef = key_ref("since");
const FAILED: &KeyRef = key_ref("failed");
const OF: &KeyRef = key_ref("of");
const AT: &KeyRef = key_ref("at");

/// The field that says how long it took, which is never the same.
pub(super) const TIMING: &str = "server-timing";

/// A name and a value.
type Header = (&'static str, Cow<'static, str>);

/// Most attempts in `Server-Timing`.
const MOST_ATTEMPTS: usize = 8;

/// Whether `name`, in small letters, is that of a field that only proxies of this family write: `x-error-code`,
/// `x-soe-degraded`, and all that begin with `soe-`. Whoever else sends one pretends to be one of them.
pub fn is_ours(name: &str) -> bool {
    name.starts_with("soe-") || matches!(name, "x-error-code" | "x-soe-degraded")
}

/// All headers but `content-type`, in the order in which a person reads them.
///
/// `status` is what the answer would have outside of gRPC, `first` the most telling observation, if the reader may
/// know it.
pub(super) fn headers(
    telling: &Telling<'_>,
    names: &Names<'_>,
    (status, first): (u16, Option<&str>),
    format: Format,
) -> Vec<Header> {
    let mut out: Vec<Header> = Vec::with_capacity(16);
    out.push(("x-error-code", status::code(status)));
    out.push(("soe-cause", soe_cause(telling).into()));
    let member = proxy_status::generated(telling, names, first);
    out.push(("proxy-status", member.into()));
    if let Some(seconds) = telling.retry_after {
        let mut text = String::new();
        number(&mut text, u64::from(seconds));
        out.push(("retry-after", text.into()));
    }
    for (name, value) in rate_limit::fields(telling).into_iter().flatten() {
        out.push((name, value.into()));
    }
    out.push(("x-request-id", request_id(telling)));
    out.push((hops::ATTEMPTS, attempts(telling).into()));
    // An outage must not be remembered by a cache (RFC 9111 §5.2.2.5).
    out.push(("cache-control", "no-store".into()));
    if telling.exposure >= Exposure::Internal {
        out.push((TIMING, server_timing(telling).into()));
    }
    if format != Format::Grpc {
        out.push(("content-language", "en".into()));
        out.push(("vary", "accept".into()));
        out.push(("x-content-type-options", "nosniff".into()));
    }
    if format == Format::Html {
        // The page needs its own style and nothing else, whatever it was made to quote.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        out.push(("content-security-policy", policy.into()));
    }
    out
}

/// Those that an answer can carry that is not about the failure itself.
pub(super) fn telling(
    telling: &Telling<'_>,
    names: &Names<'_>,
    first: Option<&str>,
) -> Vec<Header> {
    let mut out: Vec<Header> = vec![
        ("soe-cause", soe_cause(telling).into()),
        (
            "proxy-status",
            proxy_status::generated(telling, names, first).into(),
        ),
        (hops::ATTEMPTS, attempts(telling).into()),
        ("x-request-id", request_id(telling)),
    ];
    if telling.exposure >= Exposure::Internal {
        out.push((TIMING, server_timing(telling).into()));
    }
    out
}

fn request_id(telling: &Telling<'_>) -> Cow<'static, str> {
    identifier(telling.request_id, LONGEST_ID)
        .into_owned()
        .into()
}

/// `Soe-Attempts`: how many there were in all, and whether another proxy could do better.
fn attempts(telling: &Telling<'_>) -> String {
    let ours = telling.diagnosis.primary.info().blame == Blame::Proxy;
    let below = Below {
        attempts: telling.attempts.spent(),
        reach: if ours { Reach::Host } else { Reach::Pool },
    };
    below.to_text()
}

/// `Soe-Cause`: an item whose bare value is the cause's stable identifier, a token.
fn soe_cause(telling: &Telling<'_>) -> String {
    let diagnosis = telling.diagnosis;
    let field = Field::of(diagnosis.primary)
        .string(INCIDENT, &identifier(telling.reference(), LONGEST_ID))
        .word(GRADE, diagnosis.grade.word());
    let field = match diagnosis.root {
        Some(root) => field.cause(ROOT, root),
        None => field,
    };
    let field = so_far(field, telling);
    // Last: npm's structured-headers 2.1 does not get past a date that something follows.
    field.date(AT, telling.at_unix).finish()
}

/// Since when requests fail like this one, in seconds since 1970; and for those inside how many, of how many.
fn so_far(field: Field, telling: &Telling<'_>) -> Field {
    let Some(since) = course::since(telling) else {
        return field;
    };
    let field = field.integer(SINCE, since);
    let Some(course) = telling
        .course
        .filter(|_| telling.exposure >= Exposure::Internal)
    else {
        return field;
    };
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let field = field.integer(FAILED, count(course.failed));
    match course.requests {
        Some(requests) => field.integer(OF, count(requests)),
        None => field,
    }
}

/// `Server-Timing` (W3C): each attempt with what ended it, and the total, in milliseconds.
pub(super) fn server_timing(telling: &Telling<'_>) -> String {
    let mut out = String::with_capacity(64);
    for attempt in telling.attempts.attempts.iter().take(MOST_ATTEMPTS) {
        out.push_str("attempt-");
        number(&mut out, u64::from(attempt.number));
        out.push_str(";dur=");
        millis(&mut out, attempt.elapsed);
        let hedge = if attempt.hedge { "hedge" } else { "" };
        match mechanical(attempt) {
            Some(cause) => {
                let gap = if attempt.hedge { " " } else { "" };
                join(
                    &mut out,
                    &[";desc=\"", hedge, gap, words::last(cause), "\""],
                );
            }
            None if attempt.hedge => join(&mut out, &[";desc=\"", hedge, "\""]),
            None => {}
        }
        out.push_str(", ");
    }
    out.push_str("total;dur=");
    millis(&mut out, telling.elapsed);
    out
}

/// Appends `time` in milliseconds with one decimal.
fn millis(out: &mut String, time: Duration) {
    let rounded = (time.as_nanos() + 50_000) / 100_000;
    tenths(out, u64::try_from(rounded).unwrap_or(u64::MAX));
}
