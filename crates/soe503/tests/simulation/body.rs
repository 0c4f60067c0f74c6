//! The body of a simulated answer, and of a simulated upload: frames with pauses between them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::visit::Visit;

/// So many frames, each after a pause.
#[derive(Debug)]
struct Frames {
    left: u32,
    pause: u32,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// An answer's body. Holds the backend until its last frame.
#[derive(Debug)]
pub(crate) struct Reply {
    frames: Frames,
    breaks_after: Option<u32>,
    visit: Option<Visit>,
}

/// A request's body.
#[derive(Debug)]
pub(crate) struct Upload {
    frames: Frames,
    frame: Bytes,
    /// With so many frames left, the client breaks off.
    breaks_at: Option<u32>,
}

// === impl Frames ===

impl Frames {
    const fn new(left: u32, pause: u32) -> Self {
        Self {
            left,
            pause,
            sleep: None,
        }
    }

    /// The time of the next frame.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.pause > 0 {
            let pause = Duration::from_millis(u64::from(self.pause));
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
        self.left = self.left.saturating_sub(1);
        Poll::Ready(())
    }
}

// === impl Reply ===

impl Reply {
    /// The body of an answer of `status` to `visit`. Breaks off after so many frames.
    pub(crate) fn new(visit: Visit, status: u16, breaks_after: Option<u32>) -> Self {
        let frames = match visit.random(4) {
            0 => Frames::new(0, 0),
            1 => Frames::new(1, 0),
            _ => Frames::new(1 + visit.random(3), visit.random(20)),
        };
        let breaks_after = breaks_after.map(|after| after.min(frames.left));
        let mut reply = Self {
            frames,
            breaks_after,
            visit: Some(visit),
        };
        // A failure's head decides, and so does a head that is all.
        if status >= 500 {
            reply.visit = None;
        } else if reply.is_end_stream() {
            reply.complete();
        }
        reply
    }

    fn complete(&mut self) {
        if let Some(visit) = self.visit.take() {
            visit.complete();
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        ready!(self.frames.poll(cx));
        let died = self.visit.as_ref().is_some_and(Visit::is_dead);
        if died || self.breaks_after == Some(0) {
            self.frames.left = 0;
            self.breaks_after = None;
            if let Some(visit) = self.visit.take() {
                visit.broke("its answer broke off", false);
            }
            let reset = io::Error::from(io::ErrorKind::ConnectionReset);
            return Poll::Ready(Some(Err(reset)));
        }
        self.breaks_after = self.breaks_after.map(|after| after - 1);
        if self.is_end_stream() {
            self.complete();
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"data")))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.left == 0 && self.breaks_after.is_none()
    }
}

// === impl Upload ===

impl Upload {
    /// `count` frames of `size` bytes, with pauses of so many milliseconds.
    pub(crate) fn new(count: u32, size: usize, pause: u32, breaks_at: Option<u32>) -> Self {
        const BYTES: Bytes = Bytes::from_static(&[b'x'; 256]);
        Self {
            frames: Frames::new(count, pause),
            frame: BYTES.slice(..size.min(BYTES.len())),
            breaks_at,
        }
    }

    /// How many bytes it has.
    pub(crate) const fn bytes(&self) -> usize {
        self.frames.left as usize * self.frame.len()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.frames.left == 0 {
            return Poll::Ready(None);
        }
        ready!(self.frames.poll(cx));
        if self.breaks_at == Some(self.frames.left) {
            self.frames.left = 0;
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes() as u64)
    }
}
