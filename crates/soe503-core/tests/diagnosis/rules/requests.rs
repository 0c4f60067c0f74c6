//! Requests that fail, and the world around them.

use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::diagnosis::rules::Findings;
use soe503_core::diagnosis::{BackendView, Condition, Context, Diagnosis, diagnose};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, Refusal, TimeoutKind};
use soe503_core::limit::Class;

use super::world::World;
use crate::support::{failed, ms, on};

pub(crate) fn timed_out(backend: &str, after: u64) -> Attempt {
    on(
        1,
        backend,
        Attempt {
            elapsed: ms(after),
            bytes_sent: Some(120),
            ..failed(Phase::WaitHeaders, Fault::Timeout(TimeoutKind::Attempt))
        },
    )
}

pub(crate) fn connect_timed_out(backend: &str) -> Attempt {
    let attempt = failed(Phase::Connect, Fault::Timeout(TimeoutKind::Connect));
    on(
        1,
        backend,
        Attempt {
            elapsed: ms(1_000),
            ..attempt
        },
    )
}

pub(crate) fn queue_full() -> Attempt {
    let refusal = Refusal::Queue {
        cause: Cause::OverloadQueueFull,
        limit: 8,
        in_use: 8,
        waiting: 100,
        waited: ms(0),
        class: Class::default(),
    };
    failed(Phase::Queue, Fault::Refused(refusal))
}

pub(crate) fn view(name: &str) -> BackendView {
    BackendView {
        name: name.into(),
        address: None,
        condition: Condition::Up,
        cause: None,
        since: None,
        hints: None,
    }
}

pub(crate) fn around(findings: Findings) -> Context {
    Context {
        pool: Some("orders".into()),
        backends: (0..3).map(|i| view(&format!("b{i}"))).collect(),
        usual_p99: findings.usual_p99,
        findings: Some(Arc::new(findings)),
        ..Context::new(soe503_core::Tick::from_secs(2_000))
    }
}

pub(crate) fn diagnosed(attempt: Attempt, world: &World) -> Diagnosis {
    diagnose(&Ledger::from(attempt), &around(world.findings()))
}
