//! Connecting to a name that has addresses of both families (RFC 8305, happy eyeballs).
//!
//! Each address of a name is a backend of its own, with its own health, so one that refuses is
//! ejected like any other and needs nothing here. What per-address ejection cannot do is to save
//! time: where a whole family is broken, every connect to it would wait for the timeout. So an
//! address has a *companion*, an address of the same name in the other family:
//!
//! - no answer within [`HEAD_START`]: the companion is tried as well, and the first to answer wins;
//! - no way to the address (no route, network down): the companion is tried at once;
//! - a refused connection is an answer. It proves the family works and is told as it is.
//!
//! Who wins goes first for [`MEMORY`], so a broken family costs one head start per address in ten
//! minutes, and no request. Which address was picked is what counts and shows: weights, latency
//! and failures stay with it.

use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

/// How long an address has to answer before its companion is tried too: the connection attempt delay
/// that RFC 8305 §8 recommends.
pub(super) const HEAD_START: Duration = Duration::from_millis(250);

/// How long the winner goes first: "on the order of 10 minutes" (RFC 8305 §4).
pub(super) const MEMORY: Duration = Duration::from_secs(600);

/// Connects to `first`, or to `second` where that takes too long or there is no way. Says who won.
/// It waits as long as both do: the caller has the timeout.
///
/// # Errors
///
/// What `first` came to, if neither answers, or its refusal.
pub(super) async fn race<T, F>(
    first: SocketAddr,
    second: SocketAddr,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<(T, SocketAddr)>
where
    F: Future<Output = io::Result<T>>,
{
    let mut early = pin!(connect(first));
    let mut failed = match tokio::time::timeout(HEAD_START, early.as_mut()).await {
        Ok(Ok(stream)) => return Ok((stream, first)),
        Ok(Err(error)) if is_no_way(&error) => Some(error),
        Ok(Err(error)) => return Err(error),
        Err(_elapsed) => None,
    };
    let mut late = pin!(connect(second));
    let mut late_failed = false;
    loop {
        let gone = failed.is_some();
        tokio::select! {
            biased;
            early = async { if gone { pending().await } else { early.as_mut().await } } => match early {
                Ok(stream) => return Ok((stream, first)),
                Err(error) if is_no_way(&error) => failed = Some(error),
                Err(error) => return Err(error),
            },
            late = async { if late_failed { pending().await } else { late.as_mut().await } } => match late {
                Ok(stream) => return Ok((stream, second)),
                Err(_) => late_failed = true,
            },
        }
        if late_failed && let Some(error) = failed.take() {
            return Err(error);
        }
    }
}

/// The network, not the host, says no.
fn is_no_way(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ENETUNREACH
                | libc::EHOSTUNREACH
                | libc::ENETDOWN
                | libc::EADDRNOTAVAIL
                | libc::EAFNOSUPPORT
                | libc::ETIMEDOUT
        )
    )
}

#[cfg(test)]
#[path = "eyeballs_tests.rs"]
mod tests;
