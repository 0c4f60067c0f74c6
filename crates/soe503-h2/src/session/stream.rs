//! A stream's state, RFC 9113 §5.1.
//!
//! ```text
//!             local   remote
//! idle        (not in the table)
//! server      Head    Body, Ended      a request came
//! client      Body,   Head             a request was sent
//!             Ended
//! closed      Ended   Ended            both ended, or it was reset
//! ```
//!
//! A closed stream stays in the table until the caller forgets it.

/// One direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// The response's head is to come.
    Head,
    /// The head came; data and trailers may.
    Body,
    /// Nothing more comes.
    Ended,
}

/// Whether the caller waits to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    No,
    /// By the stream's own window.
    Window,
    /// By the connection's window or the buffer; it has its place in the ring.
    Ring,
}

/// A stream that is open, or closed and not yet forgotten.
#[derive(Debug)]
pub(super) struct Stream<T> {
    pub(super) id: u32,
    /// What the caller keeps.
    pub(super) data: Option<T>,
    /// What this side sends.
    pub(super) local: Half,
    /// What the peer sends.
    pub(super) remote: Half,
    /// It ended by RST_STREAM or GOAWAY.
    pub(super) reset: bool,
    /// A client's: the request was HEAD.
    pub(super) head_only: bool,
    pub(super) blocked: Blocked,
    /// Bytes that the peer takes.
    pub(super) send_window: i32,
    /// Bytes that this side takes.
    pub(super) receive_window: i32,
    /// Bytes released that the peer was not told of.
    pub(super) released: u32,
    /// Bytes that came and are not released.
    pub(super) unreleased: u32,
    /// Pieces that these bytes are.
    pub(super) pieces: u32,
    /// Bytes of the body that are still to come, if its length was said.
    pub(super) left: Option<u64>,
}

impl<T> Stream<T> {
    pub(super) fn new(id: u32, send_window: i32, receive_window: i32) -> Self {
        Self {
            id,
            data: None,
            local: Half::Head,
            remote: Half::Head,
            reset: false,
            head_only: false,
            blocked: Blocked::No,
            send_window,
            receive_window,
            released: 0,
            unreleased: 0,
            pieces: 0,
            left: None,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.local == Half::Ended && self.remote == Half::Ended
    }

    /// Both directions are over at once.
    pub(super) fn set_reset(&mut self) {
        self.reset = true;
        self.local = Half::Ended;
        self.remote = Half::Ended;
    }
}
