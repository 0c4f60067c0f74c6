//! HTTP/2 to backends: connections that requests share, one set per worker and backend.
//!
//! Built on `soe503-h2`, which knows the protocol and does no I/O. Retry by proof needs to know how many
//! streams the peer allows right now, whether a stream was above the last one of a GOAWAY, which code
//! reset it, and whether a single byte of the request was handed to the socket.
//!
//! ```text
//! request ─▶ table: a session with room? ──────────────▶ stream ─▶ head of the answer ─▶ body
//!               │ no                       ▲                │
//!               ▼                          │ opened         ├─ GOAWAY before us: another session
//!            fewer than max_connections? ──┘                └─ anything else: facts, to the layers
//!               │ no
//!               ▼
//!            full: a limit, told as such
//! ```
//!
//! # One driver, and no task per request
//! A connection's socket belongs to one task, its [driver](drive). A request writes its head straight
//! into the session and wakes the driver, once: what all requests have said by then leaves with one write.
//! What the driver reads it puts into the streams' [slots](slot), and wakes whoever waits there. The
//! session is shared under a mutex that one worker alone takes, so that nobody ever waits for it. Only an
//! upload that outlives its answer's head has a task of its own.
//!
//! # What has left
//! The session counts all bytes that were ever queued, so that a head's place among them is known. An
//! attempt is unsent if nothing of its head was handed to the socket, also if the socket was stuck with
//! others' bytes; what is said to be sent is never more than was. Before a connection counts as broken
//! because it cannot be written to, it is read once more: a peer that hung up may have said GOAWAY before.
//!
//! # Sessions
//! Requests go to the oldest session with room for another stream, so that those which a rush
//! needed fall idle and close after `idle_timeout`. The peer's `SETTINGS_MAX_CONCURRENT_STREAMS`
//! counts as it is at that moment; before its first SETTINGS arrive, 100 are assumed. A request never waits
//! for a stream of another to end: it waits for a connection that is being opened, or is told that the
//! backend is full, which lets the retry layer go elsewhere. Connections are opened by tasks of their
//! own, so that a client that leaves takes no connection with it that others wait for.
//!
//! # What comes back unsent
//! A peer that says GOAWAY has promised not to look at streams above the last one it names. If such a
//! request's body is still at hand (nothing of it read, or at most 64 KiB), it moves to another
//! session of the same backend at once, whatever its method, and nobody notices; that is how a
//! server restarts gracefully. Otherwise the layers above hear of an unsent attempt. `REFUSED_STREAM`
//! is theirs too, unless the peer has just said that it allows fewer streams than we assumed.
//!
//! # Pings
//! Only while a stream is open and nothing at all has arrived for `ping_interval`. An idle session
//! is closed soon, and servers (gRPC's above all) end connections that ping them without need: hence
//! as long as nothing but pongs arrives, the interval grows to four and then ten times.
//!
//! # Flow control
//! 256 KiB per stream; a frame's window is given back when it is passed on, so a client that reads
//! slowly slows its backend's stream down, and holds that much memory at most. 32 MiB for the
//! connection: with less, a few clients that read slowly would stop all the others on it.
//! Towards the backend, one piece of a body per stream waits for its window, as it was read from the
//! client, and about 64 KiB per connection for the socket. A peer that leaves 1 MiB untaken (heads count
//! too) is full.
//!
//! # Deadlines
//! A route's timeout and an attempt's end with the response's head; after it, a stream may last for
//! ever, in both directions. gRPC servers send their head with the first message or before: a call
//! whose server says nothing at all for longer than the route's timeout is cut, so a route for such
//! calls needs a longer one.
//!
//! # Without TLS
//! Prior knowledge (RFC 9113 §3.3); there is no `Upgrade: h2c`.

mod body;
mod checkout;
mod drive;
mod exchange;
mod head;
mod link;
mod open;
mod pulse;
mod session;
mod slot;
mod source;
mod stream;
mod table;
mod upload;

use std::num::NonZeroU32;
use std::time::Duration;

pub use self::body::H2Body;
pub(super) use self::exchange::run;
pub(super) use self::table::sweep;

/// How HTTP/2 is spoken to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H2Options {
    /// Connections per worker, at most.
    pub max_connections: NonZeroU32,
    /// How long a connection with open streams may be silent until it is pinged; zero: for ever.
    pub ping_interval: Duration,
    /// How long the answer to a ping may take.
    pub ping_timeout: Duration,
}

#[cfg(test)]
mod tests;
