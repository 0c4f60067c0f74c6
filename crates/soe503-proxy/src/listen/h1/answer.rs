//! The form of an answer.

use http::{Response, StatusCode, Version};
use http_body::Body;
use soe503_h1::{BodyLength, ConnectionOut, write_plain_response_head, write_response_head};

use super::early::Early;
use crate::front::FrontBody;
use crate::listen::date;
use crate::net::Message;

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
            keep_alive,
        };
        (answer, body)
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
