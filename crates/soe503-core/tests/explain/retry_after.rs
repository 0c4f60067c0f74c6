//! When to come back.

use core::time::Duration;

use soe503_core::Cause;
use soe503_core::explain::{RetryInputs, retry_after};

use crate::situations::{Situation, all_refused_and_open, ms, with_secrets};

fn seconds(cause: Cause, inputs: RetryInputs) -> Option<u32> {
    retry_after(&with_secrets(cause).diagnosis, &inputs, 0.0)
}

const NONE: RetryInputs = RetryInputs {
    reopen_in: None,
    probe_in: None,
    queue: None,
    window_left: None,
    limit_reset: None,
    upstream: None,
    startup: None,
};

#[test]
fn every_rule() {
    let open = RetryInputs {
        reopen_in: Some(ms(8_100)),
        ..NONE
    };
    let probe = RetryInputs {
        probe_in: Some(ms(4_000)),
        reopen_in: Some(ms(900)),
        ..NONE
    };
    let queue = RetryInputs {
        queue: Some((512, 204.0)),
        ..NONE
    };
    let window = RetryInputs {
        window_left: Some(Duration::from_secs(1800)),
        ..NONE
    };
    let limit = RetryInputs {
        limit_reset: Some(ms(29_001)),
        ..NONE
    };
    let early = RetryInputs {
        upstream: Some(ms(1_000)),
        reopen_in: Some(ms(5_000)),
        ..NONE
    };
    let later = RetryInputs {
        upstream: Some(ms(7_000)),
        reopen_in: Some(ms(5_000)),
        ..NONE
    };
    let start = RetryInputs {
        startup: Some(ms(22_000)),
        ..NONE
    };
    let rows = [
        (Cause::CircuitFailureRate, open, 9),
        (Cause::CircuitFailureRate, NONE, 1),
        (Cause::DependencyConnectRefused, probe, 4),
        (Cause::DependencyConnectRefused, open, 9),
        (Cause::DependencyConnectRefused, NONE, 1),
        (Cause::OverloadQueueFull, queue, 3),
        (Cause::OverloadQueueFull, NONE, 1),
        (
            Cause::OverloadQueueFull,
            RetryInputs {
                queue: Some((1, 1e9)),
                ..NONE
            },
            1,
        ),
        (
            Cause::OverloadQueueFull,
            RetryInputs {
                queue: Some((1, 0.0)),
                ..NONE
            },
            60,
        ),
        (
            Cause::OverloadQueueFull,
            RetryInputs {
                queue: Some((u64::MAX, 1e-300)),
                ..NONE
            },
            60,
        ),
        (Cause::MaintenanceWindow, window, 1800),
        (Cause::MaintenanceWindow, NONE, 300),
        (Cause::OverloadRateLimited, limit, 30),
        (Cause::OverloadUpstreamShedding, early, 5),
        (Cause::OverloadUpstreamShedding, later, 7),
        (Cause::MaintenanceStarting, start, 22),
        (Cause::MaintenanceStarting, NONE, 15),
        (Cause::ConfigKeepaliveMismatch, NONE, 1),
    ];
    for (cause, inputs, wanted) in rows {
        assert_eq!(seconds(cause, inputs), Some(wanted), "{cause} {inputs:?}");
    }
}

#[test]
fn none_where_waiting_cannot_help() {
    let all = RetryInputs {
        reopen_in: Some(ms(1)),
        probe_in: Some(ms(1)),
        ..NONE
    };
    for cause in Cause::ALL.iter().filter(|cause| !cause.info().retryable) {
        // A wrong port is a suspicion, and a suspicion keeps nobody away.
        let wanted = (*cause == Cause::ConfigWrongPort).then_some(1);
        assert_eq!(seconds(*cause, all), wanted, "{cause}");
    }
}

#[test]
fn at_most_a_fifth_is_added_at_random_and_it_rounds_up() {
    let Situation { diagnosis, .. } = all_refused_and_open();
    let after = |wait, random| {
        retry_after(
            &diagnosis,
            &RetryInputs {
                reopen_in: Some(wait),
                ..NONE
            },
            random,
        )
        .unwrap()
    };
    assert_eq!(after(ms(10_000), 0.0), 10);
    assert_eq!(after(ms(10_000), 0.5), 11);
    assert_eq!(after(ms(10_000), 0.51), 12);
    assert_eq!(after(ms(10_000), 1.0), 12);
    assert_eq!(after(ms(10_000), 99.0), 12);
    assert_eq!(after(ms(10_000), f64::NAN), 10);
    assert_eq!(after(Duration::ZERO, 0.0), 1, "never: at once");
    assert_eq!(after(ms(10_001), 0.0), 11);
    assert_eq!(after(Duration::MAX, 1.0), 360, "never: for good");
}
