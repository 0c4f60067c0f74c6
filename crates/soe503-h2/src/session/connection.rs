//! What a session holds, its beginning, and what it says of itself.

use std::collections::VecDeque;
use std::fmt;

use super::floods::Floods;
use super::going::Going;
use super::input::Input;
use super::out::Out;
use super::recent::Recent;
use super::table::Table;
use super::{Event, Options, StreamId};
use crate::code::Code;
use crate::frame::{
    DEFAULT_FRAME, DEFAULT_WINDOW, MAX_FRAME, MAX_WINDOW, PREFACE, id, settings_frame,
    window_update,
};
use crate::head::{HeadDecoder, HeadEncoder};

/// HPACK's table, RFC 9113 §6.5.2: the default, which is not worth a setting.
const TABLE: u32 = 4096;

/// Which side this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

/// What the peer's SETTINGS say.
#[derive(Debug)]
pub(super) struct Peer {
    /// Some came.
    pub(super) known: bool,
    pub(super) initial_window: i32,
    pub(super) max_frame: u32,
    pub(super) max_streams: u32,
}

/// What this side's SETTINGS say.
#[derive(Debug)]
pub(super) struct Local {
    /// The peer acknowledged them.
    pub(super) acked: bool,
    pub(super) stream_window: i32,
    pub(super) connection_window: i32,
    pub(super) max_frame: u32,
    pub(super) max_streams: u32,
    /// Bytes that a header block may have before its end came.
    pub(super) max_block: usize,
}

/// One HTTP/2 connection, without its socket. `T` is what the caller keeps for each stream.
pub struct Session<T> {
    pub(super) role: Role,
    /// The connection is over, by a violation of the peer's.
    pub(super) failed: Option<Code>,
    pub(super) going: Going,
    pub(super) peer: Peer,
    pub(super) local: Local,
    pub(super) input: Input,
    pub(super) decoder: HeadDecoder,
    pub(super) encoder: HeadEncoder,
    pub(super) streams: Table<T>,
    /// A server's: the highest identifier that came. A client's: the highest that was used.
    pub(super) last: u32,
    pub(super) recent: Recent,
    pub(super) floods: Floods,
    pub(super) events: VecDeque<Event>,
    /// Streams that wait for the connection's window or the buffer.
    pub(super) ring: VecDeque<u32>,
    /// Bytes of all streams that the peer takes.
    pub(super) send_window: i32,
    /// Bytes of all streams that this side takes.
    pub(super) receive_window: i32,
    /// Bytes released that the peer was not told of.
    pub(super) released: u32,
    pub(super) out: Out,
}

impl<T> Session<T> {
    /// A server's: its SETTINGS are queued, and the client's preface is expected.
    #[must_use]
    pub fn server(options: &Options) -> Self {
        let mut session = Self::new(Role::Server, options);
        let local = &session.local;
        settings_frame(
            session.out.end(),
            &[
                (id::MAX_CONCURRENT_STREAMS, local.max_streams),
                (id::INITIAL_WINDOW_SIZE, local.stream_window as u32),
                (id::MAX_FRAME_SIZE, local.max_frame),
                (id::MAX_HEADER_LIST_SIZE, options.max_header_list),
                (id::NO_RFC7540_PRIORITIES, 1),
            ],
        );
        session.open_connection_window();
        session
    }

    /// A client's: preface, SETTINGS and WINDOW_UPDATE are queued.
    #[must_use]
    pub fn client(options: &Options) -> Self {
        let mut session = Self::new(Role::Client, options);
        session.out.end().extend_from_slice(PREFACE);
        let local = &session.local;
        settings_frame(
            session.out.end(),
            &[
                (id::ENABLE_PUSH, 0),
                (id::INITIAL_WINDOW_SIZE, local.stream_window as u32),
                (id::MAX_FRAME_SIZE, local.max_frame),
                (id::MAX_HEADER_LIST_SIZE, options.max_header_list),
            ],
        );
        session.open_connection_window();
        session
    }

    fn new(role: Role, options: &Options) -> Self {
        let window = |bytes: u32| i32::try_from(bytes).unwrap_or(MAX_WINDOW);
        let list = options.max_header_list as usize;
        Self {
            role,
            failed: None,
            going: Going::default(),
            peer: Peer {
                known: false,
                initial_window: DEFAULT_WINDOW,
                max_frame: DEFAULT_FRAME,
                max_streams: options.assumed_streams,
            },
            local: Local {
                acked: false,
                stream_window: window(options.stream_window),
                connection_window: window(options.connection_window).max(DEFAULT_WINDOW),
                max_frame: options.max_frame.clamp(DEFAULT_FRAME, MAX_FRAME),
                max_streams: options.max_streams,
                // A list that is too large by as much again is still decoded, and answered as such.
                max_block: list.saturating_mul(2).max(2 * DEFAULT_FRAME as usize),
            },
            input: Input::new(role),
            decoder: HeadDecoder::new(TABLE, options.max_header_list),
            encoder: HeadEncoder::new(),
            streams: Table::new(),
            last: 0,
            recent: Recent::default(),
            floods: Floods::default(),
            events: VecDeque::new(),
            ring: VecDeque::new(),
            send_window: DEFAULT_WINDOW,
            receive_window: DEFAULT_WINDOW,
            released: 0,
            out: Out::default(),
        }
    }

    fn open_connection_window(&mut self) {
        let more = self.local.connection_window - DEFAULT_WINDOW;
        if more > 0 {
            window_update(self.out.end(), 0, more as u32);
            self.receive_window += more;
        }
    }

    /// A server's: keeps `data` for a stream that [`Event::Request`] told of. Hands it back if the stream was forgotten.
    pub fn insert(&mut self, stream: StreamId, data: T) -> Option<T> {
        match self.streams.get_mut(stream.0) {
            Some(entry) => entry.data.replace(data),
            None => Some(data),
        }
    }

    /// What is kept for a stream, until it is forgotten or reset.
    pub fn get_mut(&mut self, stream: StreamId) -> Option<&mut T> {
        self.streams.get_mut(stream.0)?.data.as_mut()
    }

    /// What is kept for all streams, in no order: for a caller who has to tell all of them something.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.streams
            .iter_mut()
            .filter_map(|entry| entry.data.as_mut())
    }

    /// Whether nothing more can happen: the connection ends (either side said so) and no stream is open.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.failed.is_some() || self.going.ends() && self.streams.open() == 0
    }

    /// Streams that are open: neither ended both ways nor reset.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.open()
    }

    /// A client's: how many streams the server allows at once.
    #[must_use]
    pub fn max_streams(&self) -> usize {
        self.peer.max_streams as usize
    }

    /// A client's: whether this connection takes new streams, apart from their number: nobody said GOAWAY,
    /// and identifiers are left.
    #[must_use]
    pub fn accepts(&self) -> bool {
        self.failed.is_none() && !self.going.began() && self.last < MAX_WINDOW as u32
    }

    /// Bytes for the socket.
    #[must_use]
    pub fn queued(&self) -> &[u8] {
        self.out.queued()
    }

    /// The socket took `n` of [`queued`](Self::queued).
    pub fn sent(&mut self, n: usize) {
        if self.out.sent(n) {
            self.floods.drained();
        }
    }

    /// How many bytes were queued ever. `offset() - queued().len()` of them were handed to the socket.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.out.offset()
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("failed", &self.failed)
            .field("going", &self.going)
            .field("streams", &self.streams.open())
            .field("queued", &self.out.len())
            .finish_non_exhaustive()
    }
}
