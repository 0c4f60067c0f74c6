//! What is wrong with a pool, whether or not a request fails of it.
//!
//! A cause that costs no request is known all the same: by the rules, which look at all of a pool's traffic once a second, and by what
//! its backends' connections have taught.

use std::sync::Arc;
use std::time::Duration;

use soe503_api as api;
use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Finding, Findings};
use soe503_core::explain::found_in_words;
use soe503_core::keepalive::Source;
use soe503_core::{Cause, Tick};

use crate::control::recorder::grade;
use crate::state::PoolState;

/// What is found about `pool`, the most important first.
pub(super) fn findings(pool: &PoolState, now: Tick) -> Vec<api::Finding> {
    let found = pool.trends.findings();
    let mut all: Vec<_> = found.list.iter().map(told).collect();
    all.extend(failing(&found));
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

/// Backends that fail at least as many attempts as they answer, while others answer: their requests are saved there.
///
/// Where a rule says what is wrong with one of them, that is enough.
fn failing(found: &Findings) -> Option<api::Finding> {
    let known = |name: &Arc<str>| found.list.iter().any(|one| one.backends.contains(name));
    let failing = found.failing.iter().filter(|name| !known(name));
    let backends: Vec<String> = failing.map(|name| name.to_string()).collect();
    let (cause, count) = found.spoiled.first().filter(|(_, count)| *count > 0)?;
    if backends.is_empty() || found.answering.is_empty() {
        return None;
    }
    let evidence = vec![
        "of their attempts of the last 5 s at least half failed".to_owned(),
        format!("{count} attempts failed of it in the last 30 s"),
    ];
    Some(api::Finding {
        cause: cause.id().to_owned(),
        title: cause.info().title.to_owned(),
        grade: grade(Grade::Inferred),
        backends,
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
