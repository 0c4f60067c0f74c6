//! The original of a request body, and what was read from it so far.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::body::{CanReplay, shallow};
use crate::error::{BoxError, RequestBodyError};

/// A body in very many small frames costs more to keep than its bytes; more frames than this
/// count as above the cap.
const MAX_FRAMES: usize = 1024;

/// Shared between the attempts of one request. Only the newest generation reads, so the lock is
/// free whenever it is taken, but for the moment in which an old attempt is being given up.
#[derive(Debug)]
pub(super) struct Tape<B> {
    state: Mutex<State<B>>,
}

#[derive(Debug)]
struct State<B> {
    body: B,
    cap: usize,
    /// The announced length is above the cap: a replay is possible until the first byte is read.
    hopeless: bool,
    generation: u8,
    frames: Vec<Bytes>,
    bytes: usize,
    trailers: Option<HeaderMap>,
    end: End,
    taping: Taping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taping {
    On,
    /// More than the cap was read, and let go.
    Overrun,
    /// Nobody wants a replay any more.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    NotYet,
    Reached,
    Failed,
}

/// An attempt whose successor has begun asks for more of the body.
#[derive(Debug)]
struct Superseded;

// === impl Tape ===

impl<B> Tape<B> {
    /// Whether the body can be sent again in full.
    pub(super) fn can_replay(&self) -> CanReplay {
        let state = self.lock();
        match (state.end, state.taping) {
            (End::Failed, _) => CanReplay::Broken,
            (_, Taping::On) => CanReplay::Yes,
            (_, Taping::Overrun | Taping::Off) => CanReplay::TooLarge,
        }
    }

    /// Takes the body away from the attempt that has it, for the next.
    pub(super) fn next_generation(&self) -> u8 {
        let mut state = self.lock();
        // Those so long ago have let go of it.
        state.generation = state.generation.checked_add(1).unwrap_or(1);
        state.generation
    }

    /// Nobody will replay: stop taping. The first attempt has sent everything that is on the tape;
    /// a later one may still be reading it, and lets go of it when it has.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.taping = Taping::Off;
        if state.generation == 0 {
            state.frames = Vec::new();
            state.bytes = 0;
        }
    }

    /// A body that panicked while it was read stays usable for `size_hint`; whoever reads on gets
    /// whatever that body then says.
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body> Tape<B> {
    /// Nothing read yet.
    pub(super) fn new(body: B, cap: usize) -> Self {
        Self {
            state: Mutex::new(State {
                hopeless: body.size_hint().lower() > cap as u64,
                body,
                cap,
                generation: 0,
                frames: Vec::new(),
                bytes: 0,
                trailers: None,
                end: End::NotYet,
                taping: Taping::On,
            }),
        }
    }

    /// Nothing is left to send for somebody who has `sent` so many frames.
    pub(super) fn is_end_stream(&self, sent: usize) -> bool {
        let state = self.lock();
        if sent < state.frames.len() {
            return false;
        }
        match state.end {
            End::NotYet => state.body.is_end_stream(),
            End::Reached => state.trailers.is_none() || sent > state.frames.len(),
            End::Failed => false,
        }
    }

    /// What is left to send for somebody who has `sent` so many frames.
    pub(super) fn size_hint(&self, sent: usize) -> SizeHint {
        let state = self.lock();
        let taped = match sent {
            0 => state.bytes as u64,
            _ => state.frames.iter().skip(sent).map(|f| f.len() as u64).sum(),
        };
        let rest = match state.end {
            End::NotYet => state.body.size_hint(),
            End::Reached | End::Failed => SizeHint::with_exact(0),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(taped));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(taped));
        }
        hint
    }
}

impl<B> Tape<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    /// The next frame for `generation`, which has `sent` so many: from the tape, then from the
    /// original.
    pub(super) fn poll_frame(
        &self,
        generation: u8,
        sent: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if generation != state.generation {
            return Poll::Ready(Some(Err(Superseded.into())));
        }
        if let Some(frame) = state.replay(sent) {
            return Poll::Ready(Some(Ok(frame)));
        }
        if state.end != End::NotYet {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut state.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                state.end = End::Failed;
                return Poll::Ready(Some(Err(RequestBodyError::new(error).into())));
            }
            None => {
                state.end = End::Reached;
                return Poll::Ready(None);
            }
        };
        Poll::Ready(Some(Ok(state.record(frame.map_data(shallow), sent))))
    }
}

// === impl State ===

impl<B> State<B> {
    /// The next frame that is on the tape.
    fn replay(&self, sent: &mut usize) -> Option<Frame<Bytes>> {
        let frame = match self.frames.get(*sent) {
            Some(data) => Frame::data(data.clone()),
            None if *sent == self.frames.len() => Frame::trailers(self.trailers.clone()?),
            None => return None,
        };
        *sent += 1;
        Some(frame)
    }

    /// Tapes a frame that was just read, if it may, and passes it on.
    fn record(&mut self, frame: Frame<Bytes>, sent: &mut usize) -> Frame<Bytes> {
        if self.taping != Taping::On {
            self.erase(sent);
            return frame;
        }
        match frame.into_data() {
            Ok(data) if data.is_empty() => Frame::data(data),
            Ok(data) => {
                self.bytes += data.len();
                let full = self.bytes > self.cap || self.frames.len() == MAX_FRAMES;
                if full || self.hopeless {
                    self.taping = Taping::Overrun;
                    self.erase(sent);
                } else {
                    self.frames.push(data.clone());
                    *sent += 1;
                }
                Frame::data(data)
            }
            Err(frame) => {
                // Trailers are small and come last; they do not count against the cap.
                if let Some(trailers) = frame.trailers_ref() {
                    self.trailers = Some(trailers.clone());
                    self.end = End::Reached;
                    *sent += 1;
                }
                frame
            }
        }
    }

    /// Frees the tape. Whoever reads has read all of it by now.
    fn erase(&mut self, sent: &mut usize) {
        self.frames = Vec::new();
        self.bytes = 0;
        *sent = 0;
    }
}

impl std::fmt::Display for Superseded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another attempt of this request has begun")
    }
}

impl std::error::Error for Superseded {}
