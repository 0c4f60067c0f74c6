//! Bytes become frames.
//!
//! Frames that came whole are read where they are. Of one that did not, what came is kept in a buffer of exactly
//! its size, so that each byte is copied once; the buffer of a DATA frame then becomes its data.

use super::connection::{Role, Session};
use super::event::Violation;
use crate::code::Code;
use crate::frame::{FrameHead, PREFACE};

/// What came and is not understood yet.
#[derive(Debug)]
pub(super) struct Input {
    /// Bytes of the preface that are still to come.
    preface: usize,
    /// The beginning of a frame, without its end.
    partial: Vec<u8>,
    /// The header block that began, RFC 9113 §4.3.
    pub(super) block: Option<Block>,
}

/// A header block whose end is to come in CONTINUATION frames. No other frame may come before it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    /// HEADERS had END_STREAM.
    pub(super) end: bool,
    pub(super) frames: usize,
    pub(super) bytes: Vec<u8>,
}

/// A frame's payload.
pub(super) enum Payload<'a> {
    /// It came whole.
    Read(&'a [u8]),
    /// It came in pieces: this is the whole frame, with its head.
    Kept(Vec<u8>),
}

impl Payload<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::Kept(frame) => frame.get(FrameHead::LEN..).unwrap_or_default(),
        }
    }
}

impl Input {
    pub(super) fn new(role: Role) -> Self {
        Self {
            preface: match role {
                Role::Client => 0,
                Role::Server => PREFACE.len(),
            },
            partial: Vec::new(),
            block: None,
        }
    }

    /// Takes the preface from the front of `bytes` (RFC 9113 §3.4).
    fn take_preface(&mut self, bytes: &mut &[u8]) -> Result<(), Code> {
        let len = self.preface.min(bytes.len());
        let (came, rest) = bytes.split_at(len);
        let from = PREFACE.len() - self.preface;
        if PREFACE.get(from..from + len) != Some(came) {
            return Err(Code::PROTOCOL_ERROR);
        }
        self.preface -= len;
        *bytes = rest;
        Ok(())
    }

    /// Takes bytes until the kept frame has `len` of them. True: it has.
    fn fill(&mut self, bytes: &mut &[u8], len: usize) -> bool {
        let missing = len.saturating_sub(self.partial.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at(missing);
        self.partial.reserve_exact(len - self.partial.len());
        self.partial.extend_from_slice(taken);
        *bytes = rest;
        self.partial.len() == len
    }
}

impl<T> Session<T> {
    /// Takes all of `bytes`; what of a frame is incomplete is kept.
    ///
    /// A caller stops to read while much is [`queued`](Self::queued), as each frame may add an answer to that.
    ///
    /// # Errors
    ///
    /// A [`Violation`]: the connection is over and GOAWAY is queued. The same again from then on.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        if let Some(code) = self.failed {
            return Err(Violation { code });
        }
        self.read(bytes).map_err(|code| {
            self.fail(code);
            Violation { code }
        })
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<(), Code> {
        if self.input.preface > 0 {
            self.input.take_preface(&mut bytes)?;
        }
        if !self.input.partial.is_empty() && !self.complete(&mut bytes)? {
            return Ok(());
        }
        while let Some(head) = bytes.first_chunk() {
            let head = FrameHead::parse(head);
            self.check(head)?;
            let Some((frame, rest)) = bytes.split_at_checked(head.total()) else {
                self.input.fill(&mut bytes, head.total());
                return Ok(());
            };
            bytes = rest;
            let payload = frame.get(FrameHead::LEN..).unwrap_or_default();
            self.dispatch(head, Payload::Read(payload))?;
        }
        self.input.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// Completes the frame that was kept. False: bytes are missing.
    fn complete(&mut self, bytes: &mut &[u8]) -> Result<bool, Code> {
        if self.input.partial.len() < FrameHead::LEN {
            if !self.input.fill(bytes, FrameHead::LEN) {
                return Ok(false);
            }
            if let Some(head) = self.input.partial.first_chunk() {
                self.check(FrameHead::parse(head))?;
            }
        }
        let Some(head) = self.input.partial.first_chunk().map(FrameHead::parse) else {
            return Ok(false);
        };
        if !self.input.fill(bytes, head.total()) {
            return Ok(false);
        }
        let frame = std::mem::take(&mut self.input.partial);
        self.dispatch(head, Payload::Kept(frame))?;
        Ok(true)
    }
}
