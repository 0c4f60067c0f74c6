//! Short ways to write an attempt.

use core::time::Duration;
use std::sync::Arc;

use soe503_core::Cause;
use soe503_core::Tick;
use soe503_core::diagnosis::{BackendView, CircuitView, Condition, Context};
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, Refusal};

pub(crate) const ECONNREFUSED: i32 = 111;
pub(crate) const ECONNRESET: i32 = 104;

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A failed attempt that took 1 ms.
pub(crate) fn failed(phase: Phase, fault: Fault) -> Attempt {
    Attempt {
        phase,
        fault: Some(fault),
        elapsed: ms(1),
        ..Attempt::begin(1, Tick::from_secs(100))
    }
}

/// `attempt` as the `number`-th, on that backend.
pub(crate) fn on(number: u8, backend: &str, attempt: Attempt) -> Attempt {
    Attempt {
        number,
        backend: Some(backend.into()),
        address: Some(format!("10.0.0.{number}:80").into()),
        ..attempt
    }
}

/// Refused by a backend that used to accept.
pub(crate) fn refused() -> Attempt {
    Attempt {
        accepted_before: true,
        ..failed(Phase::Connect, Fault::Errno(ECONNREFUSED))
    }
}

/// Broken off on a fresh connection after the request was sent.
pub(crate) fn reset() -> Attempt {
    Attempt {
        connect: Some(ms(1)),
        bytes_sent: Some(120),
        bytes_received: Some(0),
        ..failed(Phase::WaitHeaders, Fault::Errno(ECONNRESET))
    }
}

/// A complete answer.
pub(crate) fn answered(status: u16) -> Attempt {
    Attempt {
        status: Some(status),
        bytes_sent: Some(120),
        bytes_received: Some(300),
        elapsed: ms(40),
        ..failed(Phase::Done, Fault::Status(status))
    }
}

pub(crate) fn circuit_open(root: Option<Cause>) -> Attempt {
    let rule = Cause::CircuitConsecutiveFailures;
    failed(
        Phase::Queue,
        Fault::Refused(Refusal::CircuitOpen { rule, root }),
    )
}

pub(crate) fn ledger<const N: usize>(attempts: [Attempt; N]) -> Ledger {
    Ledger {
        attempts: attempts.into(),
    }
}

pub(crate) fn backend(name: &str, condition: Condition, cause: Option<Cause>) -> BackendView {
    BackendView {
        name: name.into(),
        address: Some("10.0.0.1:80".into()),
        condition,
        cause,
        since: Some(Tick::from_secs(95)),
        hints: None,
    }
}

/// A pool of three at second 101, all in rotation.
pub(crate) fn pool() -> Context {
    Context {
        now: Tick::from_secs(101),
        pool: Some(Arc::from("app")),
        backends: ["a", "b", "c"]
            .map(|name| backend(name, Condition::Up, None))
            .into(),
        ..Context::default()
    }
}

/// The circuit of that pool, open since second 89.
pub(crate) fn circuit() -> CircuitView {
    CircuitView {
        rule: Cause::CircuitConsecutiveFailures,
        root: Some(Cause::DependencyConnectRefused),
        causes: vec![(Cause::DependencyConnectRefused, 5)],
        opened_at: Tick::from_secs(89),
        retry_at: Some(Tick::from_secs(104)),
        last_probe: None,
        knocked: None,
    }
}

/// A decision of ours.
pub(crate) fn policy(cause: Cause) -> Attempt {
    failed(Phase::Queue, Fault::Refused(Refusal::Policy(cause)))
}
