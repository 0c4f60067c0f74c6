//! A request's body, from which a little can be given twice.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use smallvec::SmallVec;

/// How much is kept, in bytes: what a peer with the default window can have been sent before it said
/// a word about the stream.
pub(super) const KEPT: usize = 64 * 1024;

/// A piece of a body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Data(Bytes),
    Trailers(Box<HeaderMap>),
}

/// A body that can be begun again while it is short enough. The bytes are referenced, not copied.
#[derive(Debug)]
pub(super) struct Source<B> {
    body: B,
    /// All pieces read so far; `None` once they were too many. Most bodies are one piece, if any.
    kept: Option<SmallVec<[Piece; 1]>>,
    /// Bytes in `kept`.
    size: usize,
    /// How many pieces of `kept` have been given since the last beginning.
    given: usize,
    /// The body has no more pieces.
    ended: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Source<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            kept: Some(SmallVec::new()),
            size: 0,
            given: 0,
            ended: false,
        }
    }

    /// Begins again. False if that cannot be: part of the body is gone.
    pub(super) fn rewind(&mut self) -> bool {
        self.given = 0;
        self.kept.is_some()
    }

    /// There will be no second time.
    pub(super) fn forget(&mut self) {
        if let Some(kept) = &self.kept
            && self.given >= kept.len()
        {
            self.kept = None;
        }
    }

    /// Nothing is left to give.
    pub(super) fn is_end(&self) -> bool {
        let given = self
            .kept
            .as_ref()
            .is_none_or(|kept| self.given >= kept.len());
        given && (self.ended || self.body.is_end_stream())
    }

    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, B::Error>>> {
        if let Some(piece) = self.kept.as_ref().and_then(|kept| kept.get(self.given)) {
            let piece = piece.clone();
            self.given += 1;
            return Poll::Ready(Some(Ok(piece)));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => {
                self.ended = true;
                return Poll::Ready(None);
            }
        };
        let piece = match frame.into_data() {
            Ok(data) => Piece::Data(data),
            Err(frame) => {
                self.ended = true;
                Piece::Trailers(Box::new(frame.into_trailers().unwrap_or_default()))
            }
        };
        self.keep(&piece);
        Poll::Ready(Some(Ok(piece)))
    }

    fn keep(&mut self, piece: &Piece) {
        if let Piece::Data(data) = piece {
            self.size += data.len();
        }
        if self.size > KEPT {
            self.kept = None;
        } else if let Some(kept) = &mut self.kept {
            kept.push(piece.clone());
            self.given = kept.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::task::Waker;

    use http_body::Frame;

    use super::*;

    /// Frames that are all there.
    struct Frames(VecDeque<Frame<Bytes>>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    fn all(source: &mut Source<Frames>, most: usize) -> Vec<Piece> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut pieces = Vec::new();
        while pieces.len() < most
            && let Poll::Ready(Some(Ok(piece))) = source.poll_piece(&mut cx)
        {
            pieces.push(piece);
        }
        pieces
    }

    fn source(sizes: &[usize], trailers: bool) -> Source<Frames> {
        let mut frames: VecDeque<_> = sizes
            .iter()
            .map(|size| Frame::data(Bytes::from(vec![b'x'; *size])))
            .collect();
        if trailers {
            frames.push_back(Frame::trailers(HeaderMap::new()));
        }
        Source::new(Frames(frames))
    }

    #[test]
    fn begins_again_wherever_it_was() {
        for read in 0..=4 {
            let mut source = source(&[1, 2, 3], true);
            assert_eq!(all(&mut source, read).len(), read);
            assert!(source.rewind());
            let again = all(&mut source, 9);
            let expected = [1, 2, 3].map(|n| Piece::Data(Bytes::from(vec![b'x'; n])));
            assert_eq!(again[..3], expected, "after {read}");
            assert_eq!(again[3..], [Piece::Trailers(Box::default())]);
            assert!(source.is_end());
        }
    }

    #[test]
    fn more_than_is_kept_is_gone() {
        let mut source = source(&[KEPT, 1], false);
        assert_eq!(all(&mut source, 1).len(), 1);
        assert!(source.rewind());
        assert_eq!(all(&mut source, 2).len(), 2);
        assert!(!source.rewind());
    }

    #[test]
    fn what_is_forgotten_is_gone() {
        let mut source = source(&[1, 1], false);
        all(&mut source, 1);
        source.forget();
        assert!(!source.rewind());
        assert_eq!(all(&mut source, 9).len(), 1, "the rest is still given");
    }
}
