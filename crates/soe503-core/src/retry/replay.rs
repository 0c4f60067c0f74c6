//! What may have happened to a request that failed.

use crate::ledger::{Attempt, Fault, TimeoutKind};

/// Whether a request may be sent again, by what is proven about its last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayClass {
    /// No byte of it was handed to a socket: nobody can have seen it. Any method goes again.
    Unsent,
    /// The backend says that it did not process it. Any method goes again.
    Refused,
    /// It may have been processed, and may be processed twice.
    Idempotent,
    /// It may have been processed, and must not be processed twice.
    Unsafe,
}

impl ReplayClass {
    /// Sending the request again cannot run it twice in a way that matters.
    pub const fn replayable(self) -> bool {
        !matches!(self, Self::Unsafe)
    }
}

/// The backend that failed may be the one that is tried next: the failure was one of the connection
/// alone. A keep-alive race, or an HTTP/2 peer that has not looked at the request.
pub fn may_go_back(attempt: &Attempt) -> bool {
    let unprocessed = matches!(&attempt.fault, Some(Fault::Http2(fault)) if fault.unprocessed());
    unprocessed || keepalive_race(attempt)
}

/// The connection could not be made, or broke off before an answer: what a process does that ends. Not an
/// answer that does not come, which is what one does that hangs.
pub fn is_gone(attempt: &Attempt) -> bool {
    let connection = matches!(
        attempt.fault,
        Some(Fault::Closed | Fault::Errno(_) | Fault::Timeout(TimeoutKind::Connect))
    );
    connection && attempt.status.is_none()
}

/// What is proven about an attempt that failed.
///
/// `idempotent`: the method is (see [`idempotent_method`]), or the request carries an
/// `Idempotency-Key`, or the operator vouches for the route.
///
/// A status of 421 or 425 is the backend's word that it did not process the request (RFC 9110
/// §15.5.20, RFC 8470 §5.2), and so are `REFUSED_STREAM` and a GOAWAY that leaves the stream out
/// (RFC 9113 §8.7). A 429 or a 503 is not: applications send them after having worked.
pub fn classify(attempt: &Attempt, idempotent: bool) -> ReplayClass {
    if attempt.unsent() {
        ReplayClass::Unsent
    } else if says_unprocessed(attempt) {
        ReplayClass::Refused
    } else if idempotent {
        ReplayClass::Idempotent
    } else {
        ReplayClass::Unsafe
    }
}

fn says_unprocessed(attempt: &Attempt) -> bool {
    match &attempt.fault {
        Some(Fault::Status(421 | 425)) => true,
        Some(Fault::Http2(fault)) => fault.unprocessed() && attempt.status.is_none(),
        _ => false,
    }
}

/// Whether a method may run twice by definition: the safe ones, `PUT` and `DELETE` (RFC 9110
/// §9.2.2). Case-sensitive, as methods are. An unknown method is not.
pub fn idempotent_method(method: &str) -> bool {
    //= RFC 9110 §9.2.2: PUT, DELETE, and safe request methods are idempotent
    matches!(
        method,
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE"
    )
}

/// A reused connection ended before it answered: the server most likely closed it as idle at the
/// moment we wrote. That says nothing against the backend, so the request may go to the *same*
/// one again, on a fresh connection (failure mode 1). Whether it may be sent again at all is
/// [`classify`]'s question.
pub fn keepalive_race(attempt: &Attempt) -> bool {
    // Linux: EPIPE, ECONNRESET, ECONNABORTED.
    let ended = matches!(
        attempt.fault,
        Some(Fault::Closed | Fault::Errno(32 | 103 | 104))
    );
    attempt.reused && ended && attempt.status.is_none() && attempt.bytes_received.unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tick;
    use crate::ledger::{Http2Fault, ParseFault, Phase};

    fn attempt(phase: Phase, fault: Fault, bytes_sent: Option<u64>) -> Attempt {
        let mut attempt = Attempt::begin(1, Tick::ZERO);
        attempt.phase = phase;
        attempt.fault = Some(fault);
        attempt.bytes_sent = bytes_sent;
        attempt
    }

    #[test]
    fn by_proof() {
        use ReplayClass::{Idempotent, Refused, Unsafe, Unsent};
        // (attempt, class of a request that may run twice, class of one that must not)
        let rows = [
            (
                attempt(Phase::Connect, Fault::Errno(111), None),
                Unsent,
                Unsent,
            ),
            (attempt(Phase::Tls, Fault::Closed, None), Unsent, Unsent),
            (
                attempt(Phase::Write, Fault::Errno(32), Some(0)),
                Unsent,
                Unsent,
            ),
            (
                attempt(Phase::WaitHeaders, Fault::Closed, Some(0)),
                Unsent,
                Unsent,
            ),
            (
                attempt(Phase::Write, Fault::Errno(104), Some(1)),
                Idempotent,
                Unsafe,
            ),
            // The peer's word counts even where bytes went out.
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Http2(Http2Fault::Reset(7)),
                    Some(90),
                ),
                Refused,
                Refused,
            ),
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Http2(Http2Fault::GoAway(0)),
                    Some(0),
                ),
                Unsent,
                Unsent,
            ),
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Http2(Http2Fault::Reset(8)),
                    Some(90),
                ),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Http2(Http2Fault::PingTimeout),
                    Some(90),
                ),
                Idempotent,
                Unsafe,
            ),
            // Bytes unknown is not bytes zero.
            (
                attempt(Phase::Write, Fault::Errno(104), None),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Timeout(TimeoutKind::Attempt),
                    Some(90),
                ),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(
                    Phase::WaitHeaders,
                    Fault::Parse(ParseFault::NotHttp),
                    Some(90),
                ),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(Phase::Done, Fault::Status(503), Some(90)),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(Phase::Done, Fault::Status(429), Some(90)),
                Idempotent,
                Unsafe,
            ),
            (
                attempt(Phase::Done, Fault::Status(421), Some(90)),
                Refused,
                Refused,
            ),
            (
                attempt(Phase::Done, Fault::Status(425), Some(90)),
                Refused,
                Refused,
            ),
        ];
        for (attempt, idempotent, unsafe_method) in rows {
            assert_eq!(classify(&attempt, true), idempotent, "{attempt:?}");
            assert_eq!(classify(&attempt, false), unsafe_method, "{attempt:?}");
        }
    }

    #[test]
    fn methods() {
        for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
            assert!(idempotent_method(method), "{method}");
        }
        for method in ["POST", "PATCH", "CONNECT", "get", "QUERYISH", ""] {
            assert!(!idempotent_method(method), "{method}");
        }
    }

    #[test]
    fn a_keepalive_race_needs_a_reused_connection_that_ended_silently() {
        let mut race = attempt(Phase::WaitHeaders, Fault::Closed, Some(120));
        race.reused = true;
        race.bytes_received = Some(0);
        assert!(keepalive_race(&race));
        let fresh = Attempt {
            reused: false,
            ..race.clone()
        };
        let answered = Attempt {
            bytes_received: Some(17),
            ..race.clone()
        };
        let slow = Attempt {
            fault: Some(Fault::Timeout(TimeoutKind::Attempt)),
            ..race.clone()
        };
        for other in [fresh, answered, slow] {
            assert!(!keepalive_race(&other), "{other:?}");
        }
    }
}
