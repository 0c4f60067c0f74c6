//! How handshakes ended, in atomics that a worker bumps and a scrape reads.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use soe503_core::Tick;

use super::handshake::{Handshake, HandshakeError, Reason};
use crate::config::TlsVersion;

/// A kind of failure is logged at most so often: strangers decide how many there are.
const EVERY: Duration = Duration::from_secs(1);

/// Handshakes of one listener. They only grow.
#[derive(Debug, Default)]
pub struct HandshakeCounts {
    tls12: AtomicU64,
    tls13: AtomicU64,
    resumed: AtomicU64,
    failed: [Failures; Reason::ALL.len()],
}

#[derive(Debug, Default)]
struct Failures {
    count: AtomicU64,
    /// The count that was logged last, and when, in nanoseconds of a tick.
    told: AtomicU64,
    told_at: AtomicU64,
}

// === impl HandshakeCounts ===

impl HandshakeCounts {
    /// Handshakes that succeeded with this version.
    pub fn succeeded(&self, version: TlsVersion) -> u64 {
        match version {
            TlsVersion::Tls12 => self.tls12.load(Relaxed),
            TlsVersion::Tls13 => self.tls13.load(Relaxed),
        }
    }

    /// How many of those continued a session.
    pub fn resumed(&self) -> u64 {
        self.resumed.load(Relaxed)
    }

    /// Handshakes that failed for this reason.
    pub fn failed(&self, reason: Reason) -> u64 {
        self.failures(reason).count.load(Relaxed)
    }

    /// Counts one, and logs it if it failed.
    pub(super) fn count<S>(
        &self,
        listener: SocketAddr,
        ended: &Result<(S, Handshake), HandshakeError>,
    ) {
        match ended {
            Ok((_, handshake)) => {
                match handshake.version {
                    TlsVersion::Tls12 => &self.tls12,
                    TlsVersion::Tls13 => &self.tls13,
                }
                .fetch_add(1, Relaxed);
                self.resumed
                    .fetch_add(u64::from(handshake.resumed), Relaxed);
            }
            Err(error) => {
                let failures = self.failures(error.reason);
                failures.count.fetch_add(1, Relaxed);
                if let Some(times) = failures.tell(soe503::clock::now()) {
                    let (reason, detail) = (error.reason.id(), &*error.detail);
                    tracing::info!(%listener, reason, detail, times, "TLS handshake failed");
                }
            }
        }
    }

    fn failures(&self, reason: Reason) -> &Failures {
        // The order of `Reason::ALL` is that of the declaration.
        &self.failed[reason as usize]
    }
}

// === impl Failures ===

impl Failures {
    /// How many to tell of now; `None`: later.
    fn tell(&self, now: Tick) -> Option<u64> {
        let at = self.told_at.load(Relaxed);
        if at != 0 && now.since(Tick::from_nanos(at)) < EVERY {
            return None;
        }
        // Only one of two workers that meet here tells.
        let now = now.as_nanos().max(1);
        self.told_at
            .compare_exchange(at, now, Relaxed, Relaxed)
            .ok()?;
        let count = self.count.load(Relaxed);
        Some(count - self.told.swap(count, Relaxed).min(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_apart() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index, "{reason}");
        }
        let counts = HandshakeCounts::default();
        let listener = "127.0.0.1:1".parse().unwrap();
        let failed = || Err::<((), Handshake), _>(HandshakeError::new(Reason::Alert, "x"));
        counts.count(listener, &failed());
        counts.count(listener, &failed());
        assert_eq!(counts.failed(Reason::Alert), 2);
        assert_eq!(counts.failed(Reason::Timeout), 0);
    }

    #[test]
    fn a_flood_is_told_once_a_second_and_none_is_lost() {
        let failures = Failures::default();
        let fail = |second| {
            failures.count.fetch_add(1, Relaxed);
            failures.tell(Tick::from_secs(second))
        };
        assert_eq!(fail(10), Some(1));
        assert_eq!(fail(10), None);
        assert_eq!(fail(10), None);
        assert_eq!(fail(11), Some(3));
    }
}
