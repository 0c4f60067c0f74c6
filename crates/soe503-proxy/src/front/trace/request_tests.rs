use std::time::Duration;

use soe503::explain::Degraded;
use soe503_core::Cause;

use super::*;
use crate::state::Origin;

#[test]
fn what_counts_as_a_failure() {
    let finish = |status, cause, degraded| Finish {
        status,
        origin: Origin::Generated,
        cause,
        attempts: 1,
        prevented: false,
        hedged: false,
        degraded,
        took: Duration::ZERO,
    };
    let refused = Some(Cause::DependencyConnectRefused);
    for (status, cause, degraded, expected) in [
        (Some(200), None, None, false),
        (Some(404), None, None, false),
        (Some(500), None, None, true),
        (Some(503), refused, None, true),
        // gRPC, and an answer that was cut off.
        (Some(200), refused, None, true),
        (Some(429), Some(Cause::OverloadRateLimited), None, false),
        // Another answer was given instead.
        (Some(203), refused, Some(Degraded::Static), false),
        // The client left.
        (None, None, None, false),
    ] {
        let finish = finish(status, cause, degraded);
        assert_eq!(failed(&finish), expected, "{finish:?}");
    }
}
