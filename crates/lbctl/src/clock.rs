//! The one place that asks for the time.

use soe503_api::Timestamp;
use tokio::time::Instant;

/// Wall-clock time, to say how long ago something was.
pub(crate) fn wall() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "for display only, and this is the clock"
    )]
    std::time::SystemTime::now().into()
}

/// Monotonic time, to measure.
pub(crate) fn now() -> Instant {
    Instant::now()
}
