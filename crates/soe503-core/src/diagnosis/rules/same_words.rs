//! R12, second part: all backends fail with the same words.

use core::hash::Hasher;
use core::time::Duration;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use super::latency::{ALL, RISE, offered};
use super::{Fact, Finding, Missing};
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::{History, Usual};

/// What the body of a backend's last 5xx said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The backend.
    pub backend: Arc<str>,
    /// The words, as [`signature`] sees them.
    pub signature: u64,
    /// When they were said first, and last.
    pub since: Tick,
    /// The last time.
    pub at: Tick,
}

/// Backends that begin to say the same further apart do not fail together.
const TOGETHER: Duration = Duration::from_secs(10);
/// Words older than this are not about now.
const FRESH: Duration = Duration::from_secs(10);
/// How much of a body is looked at, in bytes.
const LOOKED_AT: usize = 512;
/// Fewer words say nothing.
const FEWEST: u32 = 2;
/// Fewer of the requests that fail are the usual noise.
const SUFFERING: f64 = 0.1;
/// What any error page says, whatever has failed.
const EMPTY: [&str; 30] = [
    "a",
    "an",
    "and",
    "apache",
    "bad",
    "body",
    "center",
    "code",
    "doctype",
    "error",
    "failed",
    "failure",
    "gateway",
    "h",
    "head",
    "hr",
    "html",
    "http",
    "internal",
    "is",
    "message",
    "nginx",
    "out",
    "server",
    "service",
    "status",
    "the",
    "time",
    "title",
    "unavailable",
];

/// The words of an error's body, without what differs from one to the next: digits, and whatever looks like
/// an identifier because it holds some. `None` if too little is left to compare, as of a page that only says
/// that there was an error.
pub fn signature(body: &[u8]) -> Option<u64> {
    let mut hasher = SipHasher13::new();
    let (mut words, mut last) = (0, &[][..]);
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_' || *b >= 0x80;
    for run in body[..body.len().min(LOOKED_AT)].chunk_by(|a, b| word(a) == word(b)) {
        let empty = |run: &[u8]| EMPTY.iter().any(|e| run.eq_ignore_ascii_case(e.as_bytes()));
        if !word(&run[0]) || run.iter().any(u8::is_ascii_digit) || run == last || empty(run) {
            continue;
        }
        (words, last) = (words + 1, run);
        for byte in run {
            hasher.write_u8(byte.to_ascii_lowercase());
        }
        hasher.write_u8(b' ');
    }
    (words >= FEWEST).then(|| hasher.finish())
}

/// Four of five backends fail with the same words, at least two, and began to within seconds, while the load
/// is as usual. A suspicion: a bug that all of them run would look the same.
pub(super) fn same_words(
    history: &History,
    usual: Option<&Usual>,
    words: &[Words],
    now: Tick,
) -> Option<Finding> {
    let fresh: Vec<&Words> = words.iter().filter(|w| now.since(w.at) <= FRESH).collect();
    let most = fresh.iter().map(|w| w.signature).max_by_key(|signature| {
        let same = fresh.iter().filter(|w| w.signature == *signature).count();
        (same, *signature)
    })?;
    let same = || fresh.iter().filter(|w| w.signature == most);
    let (count, of) = (same().count(), history.backends().len());
    if count < 2 || (count as f64) < of as f64 * ALL {
        return None;
    }
    let first = same().map(|w| w.since).min()?;
    let within = same().map(|w| w.since).max()?.since(first);
    let (failed, all) = history.last(History::NOW).fold((0, 0), |(failed, all), s| {
        (failed + u64::from(s.failed()), all + u64::from(s.offered))
    });
    if (failed as f64) < all as f64 * SUFFERING || failed == 0 {
        return None;
    }
    let rose = usual.zip(offered(history));
    if within > TOGETHER || rose.is_some_and(|(usual, load)| load >= usual.offered * RISE) {
        return None;
    }
    let mut finding = Finding::new(Cause::DependencyShared, Grade::Suspected);
    finding.facts.push(Fact::SameWords {
        backends: count as u32,
        of: of as u32,
        within,
    });
    finding.missing.push(Missing::HealthDocuments);
    Some(finding)
}
