//! An HTTP/1 message on its way out: its head, then its body as it comes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use soe503_h1::{BodyLength, CHUNK_END, write_chunk_head, write_last_chunk};
use tokio::io::AsyncWrite;

use super::{Scratch, WriteHalf};

/// Pieces up to this size are put in one place with what is there already: copying them costs
/// less than another entry of a `writev`, in bytes.
const SMALL: usize = 8 * 1024;

/// As much is gathered before it is written, if the body has it ready, in bytes.
const ENOUGH: usize = 16 * 1024;

/// What of a message has not gone out yet.
#[derive(Debug)]
pub(crate) struct Message {
    length: BodyLength,
    /// The head, small pieces of the body, and what frames them.
    out: Scratch,
    /// How much of `out` is gone.
    gone: usize,
    /// A large piece that follows `out`.
    piece: Bytes,
    /// `piece` is a chunk, and its end must follow.
    chunk_open: bool,
    /// The body has nothing more.
    ended: bool,
    handed_over: u64,
    /// The connection ends with it.
    last: bool,
}

/// Why a message could not be sent whole.
#[derive(Debug)]
pub(crate) enum SendError<E> {
    /// The socket does not take it.
    Io(io::Error),
    /// The body could not be read.
    Body(E),
    /// The body is longer or shorter than its head has announced.
    Length,
}

impl Message {
    /// A message whose body is `length` long; `empty`: nothing of it is to come. Its head is
    /// written by `head`.
    pub(crate) fn new(length: BodyLength, empty: bool, head: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut out = Scratch::take();
        head(&mut out);
        Self {
            out,
            gone: 0,
            piece: Bytes::new(),
            chunk_open: false,
            ended: length == BodyLength::None || empty && length != BodyLength::Chunked,
            length,
            handed_over: 0,
            last: false,
        }
    }

    /// The connection's end is said right after it, and may leave with it.
    pub(crate) fn before_the_end(&mut self) {
        self.last = true;
    }

    /// Puts what `head` writes behind what has not gone out yet.
    pub(crate) fn append(&mut self, head: impl FnOnce(&mut Vec<u8>)) {
        head(&mut self.out);
    }

    /// What was gathered and has not gone out, but for a long piece of a body.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.out[self.gone..]
    }

    /// How many bytes the kernel has taken.
    pub(crate) fn handed_over(&self) -> u64 {
        self.handed_over
    }

    /// How much of its body is still to be gathered, if its head has told and it does not go in chunks.
    pub(crate) fn left(&self) -> u64 {
        match self.length {
            BodyLength::Length(left) => left,
            _ => 0,
        }
    }

    /// `count` bytes of its body go another way, before all that is gathered from now on.
    pub(crate) fn passed(&mut self, count: u64) {
        if let BodyLength::Length(left) = &mut self.length {
            *left = left.saturating_sub(count);
        }
        self.handed_over += count;
    }

    /// Ready when everything is handed to the kernel.
    pub(crate) fn poll<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut B>,
        write: &mut WriteHalf,
    ) -> Poll<Result<(), SendError<B::Error>>>
    where
        B: Body<Data = Bytes>,
    {
        while !ready!(self.poll_some(cx, body.as_mut(), write))? {}
        Poll::Ready(Ok(()))
    }

    /// Gathers once what the body has and hands it to the kernel. Ready with whether that was the end.
    pub(crate) fn poll_some<B>(
        &mut self,
        cx: &mut Context<'_>,
        body: Pin<&mut B>,
        write: &mut WriteHalf,
    ) -> Poll<Result<bool, SendError<B::Error>>>
    where
        B: Body<Data = Bytes>,
    {
        let waiting = self.gather(cx, body)?;
        if self.ended && std::mem::take(&mut self.last) {
            write.hold();
        }
        ready!(self.poll_flush(cx, write)).map_err(SendError::Io)?;
        match waiting && !self.ended {
            true => Poll::Pending,
            false => Poll::Ready(Ok(self.ended)),
        }
    }

    /// Everything that was gathered has gone out.
    pub(crate) fn is_flushed(&self) -> bool {
        self.gone == self.out.len() && self.piece.is_empty()
    }

    /// Takes from the body what it has ready, up to a good amount. True: it will wake us for more.
    fn gather<B>(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Pin<&mut B>,
    ) -> Result<bool, SendError<B::Error>>
    where
        B: Body<Data = Bytes>,
    {
        while !self.ended && self.piece.is_empty() && self.out.len() < ENOUGH {
            let frame = match body.as_mut().poll_frame(cx) {
                Poll::Pending => return Ok(true),
                Poll::Ready(None) => {
                    self.end(None)?;
                    break;
                }
                Poll::Ready(Some(frame)) => frame.map_err(SendError::Body)?,
            };
            match frame.into_data() {
                Ok(data) => self.data(data)?,
                Err(frame) => self.end(frame.into_trailers().ok().as_ref())?,
            }
            // With a length the last piece is the end: nobody need ask again.
            if !self.ended && self.length == BodyLength::Length(0) {
                self.ended = true;
            }
        }
        Ok(false)
    }

    fn data<E>(&mut self, data: Bytes) -> Result<(), SendError<E>> {
        if data.is_empty() {
            return Ok(());
        }
        let mut chunked = false;
        match &mut self.length {
            // More than was announced would be taken for the next message.
            BodyLength::Length(left) => match left.checked_sub(data.len() as u64) {
                Some(rest) => *left = rest,
                None => return Err(SendError::Length),
            },
            BodyLength::Chunked => {
                chunked = true;
                write_chunk_head(&mut self.out, data.len());
            }
            BodyLength::None | BodyLength::UntilClose => {}
        }
        if data.len() > SMALL {
            self.piece = data;
            self.chunk_open = chunked;
            return Ok(());
        }
        self.out.extend_from_slice(&data);
        if chunked {
            self.out.extend_from_slice(CHUNK_END);
        }
        Ok(())
    }

    fn end<E>(&mut self, trailers: Option<&HeaderMap>) -> Result<(), SendError<E>> {
        self.ended = true;
        match self.length {
            // The other side would wait for the rest.
            BodyLength::Length(left) if left > 0 => return Err(SendError::Length),
            BodyLength::Chunked => write_last_chunk(&mut self.out, trailers),
            _ => {}
        }
        Ok(())
    }

    /// Hands over what was gathered and asks the body for nothing: ready when it is gone.
    pub(crate) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        write: &mut WriteHalf,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.is_flushed() {
                self.out.clear();
                self.gone = 0;
                return Pin::new(write).poll_flush(cx);
            }
            let rest = &self.out[self.gone..];
            let mut write = Pin::new(&mut *write);
            let written = if self.piece.is_empty() {
                ready!(write.as_mut().poll_write(cx, rest))?
            } else {
                let bufs = [IoSlice::new(rest), IoSlice::new(&self.piece)];
                ready!(write.as_mut().poll_write_vectored(cx, &bufs))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.handed_over += written as u64;
            let of_out = written.min(rest.len());
            self.gone += of_out;
            self.piece.advance(written - of_out);
            if self.piece.is_empty() && std::mem::take(&mut self.chunk_open) {
                self.out.extend_from_slice(CHUNK_END);
            }
        }
    }
}
