//! R1 to R3: the health check is what is wrong.

use core::time::Duration;

use super::{BackendSeen, CheckSeen, Condition, Observation, PathFound, PoolSeen, list};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::health::Health;

/// So long it must last.
const SETTLE: Duration = Duration::from_secs(3);
/// So many checks of each backend must have failed in a row.
const LEAST_CHECKS: u64 = 2;
/// So many good answers, by [`PROOF_BACKENDS`] of them, are a proof; fewer only let it be inferred.
const PROOF: u64 = 20;
const PROOF_BACKENDS: usize = 2;

/// The check fails everywhere without a verdict of the backends, and requests are answered.
pub(super) fn broken(seen: &PoolSeen) -> Option<Condition> {
    let check = seen.check.as_ref()?;
    let doubted: Vec<&BackendSeen> = seen.enabled().filter(|b| doubt(b).is_some()).collect();
    let cause = most_frequent(&doubted)?;
    let since = doubted.iter().filter_map(|b| b.health.failed_since).min();
    let mut found = Condition::new(cause, seen, since.unwrap_or(seen.now), SETTLE);
    // Who is out for a reason of its own says nothing about the check.
    let everywhere = seen.enabled().all(|b| doubt(b).is_some() || is_gone(b));
    let often = doubted.iter().all(|b| b.health.failed >= LEAST_CHECKS);
    let overruled: Vec<&BackendSeen> = doubted.iter().copied().filter(|b| b.overruled).collect();
    found.begins = everywhere && often && !overruled.is_empty();
    found.concern(&doubted, seen);
    let answered: u64 = overruled.iter().map(|b| b.answered).sum();
    let answering = overruled.iter().filter(|b| b.answered > 0).count();
    found.grade = match answered >= PROOF && answering >= PROOF_BACKENDS {
        true => Grade::Proven,
        false => Grade::Inferred,
    };
    let how = fails(&doubted);
    found.what = format!(
        "the health check {} {how} at {} of {} backends, and requests are answered",
        check.asks,
        doubted.len(),
        seen.enabled().count(),
    );
    found.evidence.push(Observation {
        count: Some(doubted.iter().map(|b| b.health.failed).sum()),
        since,
        ..probe(check, &doubted)
    });
    found
        .evidence
        .push(traffic(&overruled, answered, answering));
    found.evidence.extend(candidates(check, &doubted));
    rule_out(&mut found, &doubted, seen);
    advise(&mut found, check, &doubted, seen);
    Some(found)
}

/// The doubt that a backend's failing check leaves.
fn doubt(backend: &BackendSeen) -> Option<Cause> {
    let condemned = backend.health.health == Health::Down && backend.health.failed > 0;
    let doubt = backend.health.doubt.filter(|_| condemned)?;
    Some(doubt.cause)
}

/// It is out, and not because of a check that may be wrong.
fn is_gone(backend: &BackendSeen) -> bool {
    !backend.state.in_rotation() && doubt(backend).is_none()
}

fn most_frequent(doubted: &[&BackendSeen]) -> Option<Cause> {
    let of = |cause| doubted.iter().filter(|b| doubt(b) == Some(cause)).count();
    let causes = doubted.iter().filter_map(|b| doubt(b));
    causes.max_by_key(|cause| of(*cause))
}

/// `gets 404`, or in the check's own words.
fn fails(doubted: &[&BackendSeen]) -> String {
    let mut statuses: Vec<u16> = doubted
        .iter()
        .filter_map(|b| b.health.last_status)
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let words: Vec<String> = statuses.iter().map(ToString::to_string).collect();
    match words.is_empty() {
        false => format!("gets {}", words.join(" and ")),
        true => {
            let error = doubted.iter().find_map(|b| b.health.last_error.as_deref());
            format!("fails ({})", error.unwrap_or("no answer"))
        }
    }
}

fn probe(check: &CheckSeen, doubted: &[&BackendSeen]) -> Observation {
    let at = list(doubted.iter().map(|b| &*b.address));
    let how = fails(doubted);
    let how = how.strip_prefix("gets ").unwrap_or(&how);
    Observation::new("probe", format!("{} -> {how} on {at}", check.asks))
}

fn traffic(overruled: &[&BackendSeen], answered: u64, answering: usize) -> Observation {
    let slowest = overruled.iter().filter_map(|b| b.p99).max();
    let fast = slowest.map_or_else(String::new, |p99| {
        format!(", 99 % within {}", crate::explain::duration(p99))
    });
    let (answering, at) = match answering {
        0 => (overruled.len(), list(overruled.iter().map(|b| &*b.address))),
        some => {
            let names = overruled.iter().filter(|b| b.answered > 0);
            (some, list(names.map(|b| &*b.address)))
        }
    };
    let s = if answering == 1 { "" } else { "s" };
    Observation {
        count: (answered > 0).then_some(answered),
        ..Observation::new(
            "traffic",
            format!("requests are answered by {answering} backend{s} ({at}){fast}"),
        )
    }
}

/// `GET /healthz -> 200, GET /status -> 404, GET /ready -> 404`.
fn candidates(check: &CheckSeen, doubted: &[&BackendSeen]) -> Option<Observation> {
    let first = check.found.first()?;
    let told = |path: &str, status: Option<u16>| match status {
        Some(status) => format!("GET {path} -> {status}"),
        None => format!("GET {path} -> no answer"),
    };
    let asked = check.found.iter();
    let mut all: Vec<String> = asked.map(|found| told(&found.path, found.status)).collect();
    if let Some(path) = &check.path {
        let own = doubted.iter().find_map(|b| b.health.last_status);
        all.push(told(path, own));
    }
    Some(Observation {
        at: check.found.iter().map(|found| found.at).max(),
        ..Observation::new(
            "candidate",
            format!("{} on {}", all.join(", "), first.address),
        )
    })
}

fn rule_out(found: &mut Condition, doubted: &[&BackendSeen], seen: &PoolSeen) {
    let all = doubted.len();
    if doubted.iter().all(|b| b.health.last_status.is_some()) {
        let because = format!("TCP connect works: all {all} answer the check over HTTP");
        found
            .ruled_out
            .push((Cause::DependencyConnectRefused, because));
    }
    if doubted.iter().any(|b| b.overruled) {
        let because = "requests to the same ports are answered".to_owned();
        found.ruled_out.push((Cause::ConfigWrongPort, because));
    }
    found.rule_out_draining(seen);
}

/// Names the path that does answer, where one is known.
fn advise(found: &mut Condition, check: &CheckSeen, doubted: &[&BackendSeen], seen: &PoolSeen) {
    let pool = &seen.pool;
    let good = check.found.iter().find(|found| found.good);
    let back = check
        .path
        .as_ref()
        .map(|path| format!("or serve {path} again: what asks for it may not be this proxy alone"));
    if let Some(PathFound {
        path,
        status,
        address,
        ..
    }) = good
    {
        let status = status.map_or_else(String::new, |status| format!(" (answers {status} now)"));
        found.quick = vec![format!(
            "set pools.{pool}.health_check.path = \"{path}\"{status}"
        )];
        found.quick.extend(back);
        found.verify = vec![format!("curl -i http://{address}{path}")];
    } else if let (Some(path), Some(backend)) = (&check.path, doubted.first()) {
        found.verify = vec![format!("curl -i http://{}{path}", backend.address)];
    }
    found
        .verify
        .push(format!("lbctl pool status {pool} -o wide"));
}
