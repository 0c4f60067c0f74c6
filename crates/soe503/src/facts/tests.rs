use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use soe503_core::ledger::{Attempt, Fault, Phase, Refusal, TimeoutKind};
use soe503_core::{Cause, Tick};

use super::*;
use crate::error::{BoxError, Component, Failure, Rejected, RequestBodyError};

/// An error of somebody else's, such as hyper's, with a cause below it.
#[derive(Debug)]
struct Foreign(Option<BoxError>);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection error")
    }
}

impl Error for Foreign {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|e| &**e as _)
    }
}

fn foreign(inner: impl Into<BoxError>) -> Foreign {
    Foreign(Some(inner.into()))
}

#[test]
fn errnos_are_found_at_any_depth() {
    let rows: [(Foreign, Fault); 7] = [
        (
            foreign(io::Error::from_raw_os_error(111)),
            Fault::Errno(111),
        ),
        (
            foreign(foreign(io::Error::from_raw_os_error(24))),
            Fault::Errno(24),
        ),
        (
            foreign(io::Error::other(io::Error::from_raw_os_error(104))),
            Fault::Errno(104),
        ),
        (
            foreign(io::Error::other(foreign(io::Error::from(
                io::ErrorKind::BrokenPipe,
            )))),
            Fault::Errno(32),
        ),
        (
            foreign(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Fault::Closed,
        ),
        (foreign(RequestBodyError::new("client left")), Fault::Client),
        (foreign(io::Error::other("no idea")), Fault::Opaque),
    ];
    for (error, expected) in rows {
        assert_eq!(from_error(&error), expected, "{error:?}");
    }
    assert_eq!(from_error(&Foreign(None)), Fault::Opaque);
}

#[test]
fn only_proof_counts_as_unsent() {
    for (errno, unsent) in [
        (111, true),
        (99, true),
        (24, true),
        (104, false),
        (113, false),
    ] {
        let error = foreign(io::Error::from_raw_os_error(errno));
        let attempt = attempt(&error, 2, Tick::from_secs(1), Tick::from_secs(3));
        assert_eq!(attempt.unsent(), unsent, "errno {errno}");
        assert_eq!(attempt.number, 2);
        assert_eq!(attempt.elapsed, Duration::from_secs(2));
    }
}

#[test]
fn told_facts_win_over_guesses() {
    let told = Attempt {
        phase: Phase::Write,
        fault: Some(Fault::Errno(32)),
        bytes_sent: Some(17),
        reused: true,
        ..Attempt::begin(1, Tick::from_secs(1))
    };
    let error = foreign(Failure::new(told).with_source(io::Error::from_raw_os_error(111)));
    let attempt = attempt(&error, 3, Tick::ZERO, Tick::from_secs(9));
    assert_eq!(
        (attempt.number, attempt.bytes_sent, attempt.reused),
        (3, Some(17), true)
    );
    assert_eq!(from_error(&error), Fault::Errno(32));
}

#[test]
fn a_refusal_is_a_fact_of_the_queue() {
    let refusal = Refusal::Policy(Cause::MaintenanceWindow);
    let error = foreign(Rejected::new(Component::Policy, "shop", refusal.clone()));
    let attempt = attempt(&error, 1, Tick::ZERO, Tick::ZERO);
    assert_eq!(attempt.fault, Some(Fault::Refused(refusal)));
    assert!(attempt.unsent());
}

#[tokio::test(start_paused = true)]
async fn tokio_timeouts_are_timeouts() {
    let elapsed = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>())
        .await
        .unwrap_err();
    let fault = from_error(&foreign(elapsed));
    assert_eq!(fault, Fault::Timeout(TimeoutKind::Attempt));
}
