//! The form of an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Response, StatusCode, Version};
use http_body::Body;
use soe503::BoxError;
use soe503_h1::{BodyLength, ConnectionOut, write_plain_response_head, write_response_head};

use super::early::Early;
use crate::front::FrontBody;
use crate::listen::date;
use crate::net::{Message, SendError, Splice, WriteHalf};

/// As much has to be left of a body for it to go the short way, in bytes.
const LONG: u64 = 128 * 1024;

/// So much of its end goes the ordinary way, in bytes.
const END: u64 = 16 * 1024;

/// What the request says about the answer's form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    /// The version of the request.
    pub(super) version: Version,
    /// The method was `HEAD`.
    pub(super) head: bool,
    /// The connection may serve another request afterwards.
    pub(super) keep_alive: bool,
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) message: Message,
    /// What of a long body goes the short way.
    splice: Splice,
    /// The connection may serve another request after it.
    pub(super) keep_alive: bool,
}

impl Answer {
    /// Decides the framing and prepares the head, behind what is left of `early`. `tunnel`: bytes
    /// of another protocol follow.
    pub(super) fn begin(
        response: Response<FrontBody>,
        framing: Framing,
        tunnel: bool,
        early: &Early,
    ) -> (Self, FrontBody) {
        let (head, mut body) = response.into_parts();
        let plain = body.take_fields();
        let length = length_of(head.status, &body, framing);
        let keep_alive = framing.keep_alive && length != BodyLength::UntilClose;
        let connection = match (tunnel, keep_alive, framing.version) {
            (true, ..) => ConnectionOut::Upgrade,
            (false, true, Version::HTTP_10) => ConnectionOut::KeepAlive,
            (false, true, _) => ConnectionOut::Omit,
            (false, false, _) => ConnectionOut::Close,
        };
        let mut message = Message::new(length, body.is_end_stream(), |out| {
            out.extend_from_slice(early.unsent());
            date::with(|date| match &plain {
                Some(plain) => {
                    let (text, written) = (&plain.text, plain.written);
                    write_plain_response_head(
                        out,
                        head.status,
                        text,
                        written,
                        length,
                        connection,
                        date,
                    );
                }
                None => {
                    let (headers, date) = (&head.headers, Some(date));
                    write_response_head(out, head.status, headers, length, connection, date);
                }
            });
        });
        if !keep_alive && !tunnel {
            message.before_the_end();
        }
        let answer = Self {
            message,
            splice: Splice::default(),
            keep_alive,
        };
        (answer, body)
    }

    /// Ready when all of it is handed to the kernel.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut FrontBody>,
        write: &mut WriteHalf,
    ) -> Poll<Result<(), SendError<BoxError>>> {
        loop {
            ready!(self.poll_long(cx, body.as_mut(), write)).map_err(SendError::Io)?;
            if ready!(self.message.poll_some(cx, body.as_mut(), write))? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Passes on what can go the short way, which the end of a body never does. Ready when the rest cannot.
    fn poll_long(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut FrontBody>,
        write: &mut WriteHalf,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.splice.poll_drain(cx, write))?;
            if self.message.left() < LONG || !self.message.is_flushed() {
                return Poll::Ready(Ok(()));
            }
            let Some((from, left)) = body.unread() else {
                return Poll::Ready(Ok(()));
            };
            let most = left.min(self.message.left()).saturating_sub(END);
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let read = match ready!(self.splice.poll_fill(cx, from, write, most)) {
                // Its end, like an error, is found where every layer sees it.
                Ok(None | Some(0)) => return Poll::Ready(Ok(())),
                Ok(Some(count)) => Ok(count as u64),
                Err(error) => Err(error),
            };
            if let Ok(count) = read {
                self.message.passed(count);
            }
            body.was_read(read);
        }
    }

    /// Everything that was taken from the body has gone out.
    pub(super) fn is_flushed(&self) -> bool {
        self.message.is_flushed() && !self.splice.holds()
    }
}

/// RFC 9112 §6.3, seen from the sender.
fn length_of<B: Body>(status: StatusCode, body: &B, framing: Framing) -> BodyLength {
    let bodiless = status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    if framing.head || bodiless {
        return BodyLength::None;
    }
    match body.size_hint().exact() {
        Some(length) => BodyLength::Length(length),
        None if framing.version == Version::HTTP_10 => BodyLength::UntilClose,
        None => BodyLength::Chunked,
    }
}
