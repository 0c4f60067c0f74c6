//! What is wrong with a pool, whether or not a request fails of it.
//!
//! A cause that costs no request is known all the same: by the rules, which look at all of a pool's traffic once a second, and by what
//! its backends' connections have taught.

use std::time::Duration;

use soe503_api as api;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Finding, Findings};
use soe503_core::explain::found_in_words;
use soe503_core::keepalive::Source;
use soe503_core::pool::BackendSnapshot;
use soe503_core::{Cause, Tick};

use crate::control::recorder::grade;
use crate::state::PoolState;

/// So many failures in a row are no accident any more.
const IN_A_ROW: u32 = 2;

/// What is found about `pool`, whose backends are `shown`, the most important first.
pub(super) fn findings(
    pool: &PoolState,
    shown: &[BackendSnapshot],
    now: Tick,
) -> Vec<api::Finding> {
    let found = pool.trends.findings();
    let mut all: Vec<_> = found.list.iter().map(told).collect();
    all.extend(failing(&found, shown));
    all.extend(short_lived(pool, now));
    all
}

/// Why attempts failed lately, the most frequent first.
pub(super) fn failed_attempts(pool: &PoolState) -> Vec<api::FailedAttempts> {
    let found = pool.trends.findings();
    let failed = found.spoiled.iter().filter(|(_, count)| *count > 0);
    let told = failed.map(|(cause, count)| api::FailedAttempts {
        cause: cause.id().to_owned(),
        count: u64::from(*count),
    });
    told.collect()
}

fn told(finding: &Finding) -> api::Finding {
    api::Finding {
        cause: finding.cause.id().to_owned(),
        title: finding.cause.info().title.to_owned(),
        grade: grade(finding.grade),
        backends: finding
            .backends
            .iter()
            .map(|name| name.to_string())
            .collect(),
        evidence: found_in_words(finding),
    }
}

/// Backends that fail while others answer: their requests are saved there. They fail at least as many attempts as they answer,
/// or are asked so seldom by now that their last ones have to do.
///
/// Where a rule says what is wrong with one of them, that is enough.
fn failing(found: &Findings, shown: &[BackendSnapshot]) -> Option<api::Finding> {
    let known = |name: &str| {
        found
            .list
            .iter()
            .any(|one| one.backends.iter().any(|b| **b == *name))
    };
    let fails = |one: &&BackendSnapshot| {
        one.consecutive_failures >= IN_A_ROW || found.failing.contains(&one.name)
    };
    let failing: Vec<_> = shown
        .iter()
        .filter(fails)
        .filter(|one| !known(&one.name))
        .collect();
    let (cause, count) = found.spoiled.first().filter(|(_, count)| *count > 0)?;
    if failing.is_empty() || found.answering.is_empty() {
        return None;
    }
    let in_a_row = failing.iter().map(|one| one.consecutive_failures).max();
    let evidence = vec![format!(
        "{count} attempts failed of it in the last 30 s, at most {} in a row",
        in_a_row.unwrap_or_default()
    )];
    Some(api::Finding {
        cause: cause.id().to_owned(),
        title: cause.info().title.to_owned(),
        grade: grade(Grade::Inferred),
        backends: failing.iter().map(|one| one.name.to_string()).collect(),
        evidence,
    })
}

/// Backends that were seen to close connections sooner than ours would have been given up (rule R8).
fn short_lived(pool: &PoolState, now: Tick) -> Option<api::Finding> {
    let mut backends = Vec::new();
    let mut evidence = Vec::new();
    for backend in pool.pool.backends().iter() {
        let after = match backend.service.idle_limit_and_source(now) {
            (limit, Source::Learned) => {
                format!("idle ones are used again for {} at most", in_words(limit))
            }
            _ => match backend.service.requests_per_connection(now) {
                Some(requests) => format!("each is used for fewer than {requests} requests"),
                None => continue,
            },
        };
        let name = backend.name.to_string();
        evidence.push(format!("{name} closes connections without a word: {after}"));
        backends.push(name);
    }
    let cause = Cause::ConfigKeepaliveMismatch;
    (!backends.is_empty()).then(|| api::Finding {
        cause: cause.id().to_owned(),
        title: cause.info().title.to_owned(),
        grade: grade(Grade::Inferred),
        backends,
        evidence,
    })
}

fn in_words(time: Duration) -> String {
    let whole = Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    humantime::format_duration(whole).to_string()
}
