//! A record as the admin API tells it: with every address, because whoever may ask may know.

use soe503_api as api;
use soe503_core::diagnosis::{Grade, Snapshot};
use soe503_core::explain::{Exposure, Problem, StatusPolicy, Telling, problem};
use soe503_core::ledger::Ledger;

use super::Record;
use crate::control::clock::Anchor;
use crate::control::words;

/// `record` in words, dates by `anchor`, `server` being our own name.
pub fn tell(record: &Record, server: &str, anchor: Anchor) -> api::FailureRecord {
    let at = anchor.unix(record.at);
    let telling = Telling {
        incident_id: record.incident.as_deref(),
        retry_after: record.retry_after,
        elapsed: record.elapsed,
        exposure: Exposure::Full,
        policy: StatusPolicy::Plain,
        status: Some(record.status),
        ..Telling::new(
            &record.diagnosis,
            &record.attempts,
            server,
            &record.request_id,
            i64::try_from(at.as_secs()).unwrap_or(i64::MAX),
        )
    };
    let told = problem(&telling);
    api::FailureRecord {
        request_id: record.request_id.to_string(),
        incident: record.incident.as_deref().map(str::to_owned),
        at: anchor.date(record.at),
        request: api::RequestSummary {
            method: record.method.to_string(),
            path: record
                .target
                .as_ref()
                .map_or("*", |target| target.path())
                .to_owned(),
            host: record
                .host
                .as_ref()
                .map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned()),
        },
        pool: record.pool.as_deref().map(str::to_owned),
        server: server.to_owned(),
        status: record.status,
        code: (!record.passed_on).then(|| told.code.clone()),
        elapsed_ms: (record.elapsed.as_secs_f64() * 1e4).round() / 10.0,
        retry_after: record.retry_after.map(u64::from),
        attempts: attempts(&told, &record.attempts),
        snapshot: snapshot(record),
        diagnosis: diagnosis(told),
    }
}

fn diagnosis(told: Problem) -> api::Diagnosis {
    let scope = told.scope.as_ref();
    let actions = told
        .actions
        .map_or_else(api::Actions::default, |actions| api::Actions {
            quick: actions.quick,
            long_term: actions.long_term,
            verify: actions.verify,
        });
    api::Diagnosis {
        cause: told.cause.id().to_owned(),
        title: told.title.to_owned(),
        detail: told.detail,
        root: told.root.map(|root| root.id().to_owned()),
        grade: grade(told.grade),
        scope: api::Scope {
            level: scope.map_or(api::ScopeLevel::Request, |scope| level(scope.level)),
            pool: scope.and_then(|scope| scope.pool.clone()),
            backends_total: scope
                .and_then(|scope| scope.backends_total)
                .map(|n| n as u64),
            backends_affected: scope
                .and_then(|scope| scope.backends_affected)
                .map(|n| n as u64),
        },
        evidence: told
            .evidence
            .into_iter()
            .map(|evidence| api::Evidence {
                kind: evidence.kind.to_owned(),
                what: evidence.what,
                count: None,
                at: None,
                since: None,
            })
            .collect(),
        ruled_out: told
            .ruled_out
            .into_iter()
            .map(|ruled_out| api::RuledOut {
                cause: ruled_out.cause.id().to_owned(),
                because: ruled_out.because,
            })
            .collect(),
        contributing: told
            .contributing
            .iter()
            .map(|cause| cause.id().to_owned())
            .collect(),
        shares: told
            .shares
            .iter()
            .map(|told| api::Share {
                cause: told.cause.id().to_owned(),
                share: told.share,
            })
            .collect(),
        missing: told.missing.iter().map(|text| (*text).to_owned()).collect(),
        actions,
    }
}

/// What the diagnosis was made from.
fn snapshot(record: &Record) -> Option<serde_json::Value> {
    let context = record.context.clone()?;
    let snapshot = Snapshot::new(record.attempts.clone(), context);
    serde_json::to_value(snapshot).ok()
}

fn attempts(told: &Problem, ledger: &Ledger) -> Vec<api::Attempt> {
    told.attempts
        .iter()
        .zip(&ledger.attempts)
        .map(|(told, attempt)| api::Attempt {
            number: u32::from(told.number),
            hedge: told.hedge,
            pool: told.pool.clone(),
            backend: told.backend.clone(),
            address: told.address.clone(),
            phase: words::phase(attempt.phase),
            fault: told.fault.clone(),
            cause: told.cause.map(|cause| cause.id().to_owned()),
            elapsed_ms: told.elapsed_ms,
            reused: told.reused,
            bytes_sent: told.bytes_sent,
            bytes_received: told.bytes_received,
            tcp: attempt.wire.as_deref().map(|wire| api::Tcp {
                unacked_bytes: wire.unacked,
                retransmits: wire.retransmits,
                rtt_ms: wire.rtt.as_secs_f64() * 1e3,
            }),
            status: told.status,
            retry: attempt.retry.map(words::api_retry_verdict),
        })
        .collect()
}

pub(crate) fn grade(grade: Grade) -> api::Grade {
    match grade {
        Grade::Proven => api::Grade::Proven,
        Grade::Inferred => api::Grade::Inferred,
        Grade::Suspected => api::Grade::Suspected,
        _ => api::Grade::Unknown,
    }
}

pub(crate) fn level(word: &str) -> api::ScopeLevel {
    match word {
        "request" => api::ScopeLevel::Request,
        "backend" => api::ScopeLevel::Backend,
        "subset" => api::ScopeLevel::Subset,
        "pool" => api::ScopeLevel::Pool,
        "all_pools" => api::ScopeLevel::AllPools,
        _ => api::ScopeLevel::Unknown,
    }
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;
