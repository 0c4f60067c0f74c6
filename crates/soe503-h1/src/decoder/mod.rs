//! The body's bytes, without their framing.

mod chunked;
mod trailer;

pub(crate) use trailer::is_forbidden as is_forbidden_trailer;

use bytes::Bytes;
use http::HeaderMap;

use crate::fault::BodyFault;
use crate::limits::BodyLength;
use chunked::Chunked;

/// Takes a body out of its framing. Data is passed on as slices of the input.
#[derive(Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    End,
    Fault(BodyFault),
}

/// What [`Decoder::decode`] found.
#[derive(Debug)]
pub enum Step {
    /// Bytes of the body; never none.
    Data(Bytes),
    /// The trailer section. The end follows.
    Trailers(HeaderMap),
    /// The input is used up.
    More,
    /// The body ended. What is left of the input belongs to the next message.
    End,
}

impl Decoder {
    /// A decoder for a body that ends as `length` says.
    #[must_use]
    pub fn new(length: BodyLength) -> Self {
        let state = match length {
            BodyLength::None | BodyLength::Length(0) => State::End,
            BodyLength::Length(length) => State::Length(length),
            BodyLength::Chunked => State::Chunked(Chunked::default()),
            BodyLength::UntilClose => State::UntilClose,
        };
        Self { state }
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// Bytes that are still to come, if that is known: not with chunks and not until close.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::End => Some(0),
            _ => None,
        }
    }

    /// The next `count` bytes of a body with a known length do not come by here. Its end does: of `count` only so
    /// many count that one is left.
    pub fn skip(&mut self, count: u64) {
        if let State::Length(left) = &mut self.state {
            *left = left.saturating_sub(count).max(1);
        }
    }

    /// Takes the next step from the front of `input`.
    ///
    /// # Errors
    ///
    /// A [`BodyFault`] if the framing is wrong; the same one again from then on.
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Step, BodyFault> {
        match &mut self.state {
            State::End => Ok(Step::End),
            State::Fault(fault) => Err(*fault),
            _ if input.is_empty() => Ok(Step::More),
            State::UntilClose => Ok(Step::Data(std::mem::take(input))),
            State::Length(left) => {
                let data = take(input, left);
                if *left == 0 {
                    self.state = State::End;
                }
                Ok(Step::Data(data))
            }
            State::Chunked(chunked) => {
                let step = chunked.decode(input);
                match &step {
                    Ok(Step::End | Step::Trailers(_)) => self.state = State::End,
                    Err(fault) => self.state = State::Fault(*fault),
                    Ok(_) => {}
                }
                step
            }
        }
    }

    /// The peer closed.
    ///
    /// # Errors
    ///
    /// [`BodyFault::Truncated`] if the body has not ended, and does not end with the connection.
    pub fn eof(&mut self) -> Result<(), BodyFault> {
        match self.state {
            State::End => Ok(()),
            State::UntilClose => {
                self.state = State::End;
                Ok(())
            }
            State::Fault(fault) => Err(fault),
            State::Length(_) | State::Chunked(_) => {
                self.state = State::Fault(BodyFault::Truncated);
                Err(BodyFault::Truncated)
            }
        }
    }
}

/// At most `left` bytes from the front of `input`.
fn take(input: &mut Bytes, left: &mut u64) -> Bytes {
    let len = usize::try_from(*left)
        .unwrap_or(usize::MAX)
        .min(input.len());
    *left -= len as u64;
    if len == input.len() {
        std::mem::take(input)
    } else {
        input.split_to(len)
    }
}
