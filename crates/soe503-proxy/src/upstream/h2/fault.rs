//! From `h2`'s errors to the core's facts, by kind and number, never by text.

use ::h2::Error;
use soe503_core::ledger::{Fault, Http2Fault};

use super::session::Shared;

/// What ended a stream on the connection of `shared`.
pub(super) fn of_stream(error: &Error, shared: &Shared) -> Fault {
    let Some(reason) = error.reason().map(u32::from) else {
        // The connection broke; its task knows how.
        return shared.ended().cloned().unwrap_or_else(|| of_io(shared));
    };
    if !error.is_remote() && !error.is_library() {
        // We reset it ourselves, because the client did not deliver its request.
        return Fault::Client;
    }
    match (error.is_remote(), error.is_go_away()) {
        // h2 fails streams with a GOAWAY of the peer only if they are above its last one.
        (true, true) => Fault::Http2(Http2Fault::GoAway(reason)),
        (true, false) => Fault::Http2(Http2Fault::Reset(reason)),
        (false, _) => Fault::Http2(Http2Fault::Violation(reason)),
    }
}

/// What ended a connection.
pub(super) fn of_connection(error: &Error, shared: &Shared) -> Fault {
    match error.reason() {
        // A peer that ends the connection with an error, and all streams on it.
        Some(reason) if error.is_remote() => Fault::Http2(Http2Fault::Reset(reason.into())),
        Some(reason) => Fault::Http2(Http2Fault::Violation(reason.into())),
        None => of_io(shared),
    }
}

fn of_io(shared: &Shared) -> Fault {
    shared.line.errno().map_or(Fault::Closed, Fault::Errno)
}
