//! The response body of [`Explain`](super::Explain).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::keep::Tape;
use super::until::Until;
use crate::error::BoxError;

pin_project! {
    /// The inner service's body, or ours.
    #[derive(Debug)]
    pub struct ExplainBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    #[derive(Debug)]
    enum Kind<B> {
        Inner {
            #[pin]
            body: B,
            // Somebody keeps a copy.
            tape: Option<Box<dyn Tape>>,
            // Somebody wants to hear of it if it breaks off.
            until: Option<Until>,
        },
        Told {
            text: Bytes,
        },
    }
}

impl<B> ExplainBody<B> {
    pub(super) const fn inner(body: B, tape: Option<Box<dyn Tape>>, until: Option<Until>) -> Self {
        Self {
            kind: Kind::Inner { body, tape, until },
        }
    }

    pub(super) const fn told(text: Bytes) -> Self {
        Self {
            kind: Kind::Told { text },
        }
    }
}

impl<B> ExplainBody<B> {
    /// The inner service's body; `None` if the answer is ours.
    pub const fn get_mut(&mut self) -> Option<&mut B> {
        match &mut self.kind {
            Kind::Inner { body, .. } => Some(body),
            Kind::Told { .. } => None,
        }
    }
}

impl<B> ExplainBody<B> {
    /// Somebody takes it down while it is passed on, and has to see all of it.
    pub const fn is_taken_down(&self) -> bool {
        matches!(&self.kind, Kind::Inner { tape: Some(_), .. })
    }
}

impl<B: Default> Default for ExplainBody<B> {
    fn default() -> Self {
        Self::inner(B::default(), None, None)
    }
}

impl<B> Body for ExplainBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        match self.project().kind.project() {
            KindProj::Inner {
                mut body,
                tape,
                until,
            } => {
                let polled = match tape {
                    None => body.poll_frame(cx),
                    Some(_) => {
                        let polled = body.as_mut().poll_frame(cx);
                        polled.map(|frame| take_down(frame, body.is_end_stream(), tape))
                    }
                };
                polled.map_err(|error| {
                    let error = error.into();
                    if let Some(until) = until.take() {
                        until.broke(&error);
                    }
                    error
                })
            }
            KindProj::Told { text } if text.is_empty() => Poll::Ready(None),
            KindProj::Told { text } => {
                let text = std::mem::take(text);
                Poll::Ready(Some(Ok(Frame::data(text.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body, .. } => body.is_end_stream(),
            Kind::Told { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body, .. } => body.size_hint(),
            Kind::Told { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}

/// Lets `tape` see a frame. It ends with the body, and is dropped with anything that is no data: an error, or
/// trailers, which are not kept.
fn take_down<D: Buf + From<Bytes>, E>(
    frame: Option<Result<Frame<D>, E>>,
    last: bool,
    tape: &mut Option<Box<dyn Tape>>,
) -> Option<Result<Frame<D>, E>> {
    let Some(result) = frame else {
        end(tape);
        return None;
    };
    let frame = result.map(|frame| match frame.into_data() {
        Ok(mut data) => {
            let data = data.copy_to_bytes(data.remaining());
            if !tape.as_mut().is_some_and(|tape| tape.data(&data)) {
                *tape = None;
            } else if last {
                end(tape);
            }
            Frame::data(data.into())
        }
        Err(other) => {
            *tape = None;
            other
        }
    });
    if frame.is_err() {
        *tape = None;
    }
    Some(frame)
}

fn end(tape: &mut Option<Box<dyn Tape>>) {
    if let Some(tape) = tape.take() {
        tape.end();
    }
}
