//! One request and its answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use soe503_h2::{Code, StreamId};

use super::shared::Shared;
use crate::front::{Answering, FrontBody, interim};

pin_project! {
    /// Ready when the answer is with the session, or when nobody wants it any more. Its drop calls
    /// everything off.
    pub(super) struct Exchange {
        #[pin]
        phase: Phase,
        shared: Shared,
        stream: StreamId,
        // The method was `HEAD`.
        head: bool,
        // How many more interim answers the client gets.
        room: usize,
    }
}

pin_project! {
    #[project = PhaseProj]
    enum Phase {
        Answering {
            #[pin]
            answering: Answering,
        },
        Sending {
            #[pin]
            body: FrontBody,
            out: Outgoing,
        },
    }
}

/// What is known of a body on its way out.
struct Outgoing {
    /// What the client does not take yet.
    piece: Bytes,
    /// The body ends with it.
    last: bool,
    /// Bytes that were announced and are still to come.
    left: Option<u64>,
}

impl Exchange {
    /// `head`: the method was `HEAD`.
    pub(super) fn new(answering: Answering, shared: Shared, stream: StreamId, head: bool) -> Self {
        Self {
            phase: Phase::Answering { answering },
            shared,
            stream,
            head,
            room: interim::MOST,
        }
    }
}

impl Future for Exchange {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let (shared, stream) = (&*this.shared, *this.stream);
        if !shared.lock().enter(stream, cx) {
            shared.lock().close(stream, Code::CANCEL);
            return Poll::Ready(());
        }
        let why = loop {
            match this.phase.as_mut().project() {
                PhaseProj::Answering { answering } => {
                    let collecting = interim::collect(*this.room);
                    let polled = answering.poll(cx);
                    for head in collecting.end() {
                        *this.room -= 1;
                        shared.lock().interim(stream, &head);
                    }
                    let Ok(response) = ready!(polled);
                    match begin(shared, stream, response, *this.head) {
                        Some(sending) => this.phase.set(sending),
                        None => break Code::NO_ERROR,
                    }
                }
                PhaseProj::Sending { body, out } => {
                    break ready!(out.poll(cx, body, shared, stream));
                }
            }
        };
        shared.lock().close(stream, why);
        Poll::Ready(())
    }
}

/// Hands the head over; `None` if it is all of the answer.
fn begin(
    shared: &Shared,
    stream: StreamId,
    response: Response<FrontBody>,
    head: bool,
) -> Option<Phase> {
    let (mut parts, body) = response.into_parts();
    let end = is_bodiless(head, parts.status) || body.is_end_stream();
    let left = if end {
        None
    } else {
        announce(&mut parts.headers, &body)
    };
    shared.lock().respond(stream, &parts, end);
    let out = Outgoing {
        piece: Bytes::new(),
        last: false,
        left,
    };
    (!end).then_some(Phase::Sending { body, out })
}

/// Whether an answer has no body whatever its head says (RFC 9110 §6.4.1). `head`: to `HEAD`.
fn is_bodiless(head: bool, status: StatusCode) -> bool {
    head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// Says how long the body is, if that is known and was not said.
fn announce<B: Body>(headers: &mut HeaderMap, body: &B) -> Option<u64> {
    let exact = body.size_hint().exact()?;
    if !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(exact));
    }
    Some(exact)
}

impl Outgoing {
    /// Ready when all of the body is handed over, or when it broke: the code to end the stream with,
    /// if it has not ended by itself.
    fn poll<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut B>,
        shared: &Shared,
        stream: StreamId,
    ) -> Poll<Code>
    where
        B: Body<Data = Bytes>,
    {
        loop {
            if !self.piece.is_empty() {
                if !shared.lock().send(stream, &mut self.piece, self.last) {
                    return Poll::Pending;
                }
                if self.last {
                    return Poll::Ready(Code::NO_ERROR);
                }
            }
            let frame = match ready!(body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                None if self.left.unwrap_or(0) == 0 => {
                    shared.lock().send(stream, &mut Bytes::new(), true);
                    return Poll::Ready(Code::NO_ERROR);
                }
                // Its cause is in the request's record; what the client gets of it must not look
                // whole.
                None | Some(Err(_)) => return Poll::Ready(Code::INTERNAL_ERROR),
            };
            match frame.into_data() {
                Ok(data) => {
                    if let Some(left) = &mut self.left {
                        match left.checked_sub(data.len() as u64) {
                            Some(rest) => *left = rest,
                            None => return Poll::Ready(Code::INTERNAL_ERROR),
                        }
                    }
                    self.piece = data;
                    self.last = body.is_end_stream() && self.left.unwrap_or(0) == 0;
                }
                Err(frame) => {
                    if self.left.unwrap_or(0) > 0 {
                        return Poll::Ready(Code::INTERNAL_ERROR);
                    }
                    if let Ok(trailers) = frame.into_trailers() {
                        shared.lock().session.send_trailers(stream, &trailers);
                        return Poll::Ready(Code::NO_ERROR);
                    }
                }
            }
        }
    }
}
