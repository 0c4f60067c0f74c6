//! A request's body of which no more is taken than a route allows.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::BoxError;

/// A body that is counted, because its length is not known and its route limits it.
///
/// Above the limit it fails, so that the attempt is cut: a backend never takes a part for the whole.
#[derive(Debug)]
pub(crate) struct Capped<B> {
    inner: B,
    left: u64,
    exceeded: Exceeded,
}

/// Says afterwards whether a body was longer than it might be.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceeded(Arc<AtomicBool>);

/// The body is longer than the route allows.
#[derive(Debug, thiserror::Error)]
#[error("the request's body is longer than `max_body` of the route")]
struct TooLong;

impl<B> Capped<B> {
    /// Fails after `max` bytes, and says so to the second value.
    pub(super) fn new(inner: B, max: u64) -> (Self, Exceeded) {
        let exceeded = Exceeded::default();
        let body = Self {
            inner,
            left: max,
            exceeded: exceeded.clone(),
        };
        (body, exceeded)
    }
}

impl Exceeded {
    /// Whether it was.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl<B> Body for Capped<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            let Some(left) = self.left.checked_sub(length) else {
                self.left = 0;
                self.exceeded.0.store(true, Relaxed);
                return Poll::Ready(Some(Err(TooLong.into())));
            };
            self.left = left;
        }
        polled.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn as_much_as_allowed_and_no_more() {
        for (parts, max, whole) in [
            (vec!["abc", "de"], 5, true),
            (vec!["abc", "de"], 4, false),
            (vec!["a"], 0, false),
            (vec![], 0, true),
            (vec!["", ""], 0, true),
        ] {
            let (body, exceeded) = Capped::new(Parts(parts.clone()), max);
            let read = body.collect().await;
            assert_eq!(read.is_ok(), whole, "{parts:?} {max}");
            assert_eq!(exceeded.is_set(), !whole, "{parts:?} {max}");
        }
    }

    /// A body of unknown length.
    struct Parts(Vec<&'static str>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            let next = (!self.0.is_empty()).then(|| self.0.remove(0));
            Poll::Ready(next.map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes())))))
        }
    }
}
