//! The request's body, as the layers see it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

/// Stands for the body that Pingora sends and keeps for another attempt itself.
///
/// The layers send it down like any other and ask for nothing but whether it can be sent again. Nobody reads
/// it as long as Pingora can; when more has gone out than Pingora keeps (64 KiB), it is read, and is longer than any
/// layer keeps.
#[derive(Debug)]
pub struct RequestBody {
    empty: bool,
}

/// Frames that no layer keeps all of.
const MANY: usize = 2048;

impl RequestBody {
    pub(crate) const fn new(empty: bool) -> Self {
        Self { empty }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready((!self.empty).then(|| Ok(Frame::data(Bytes::from_static(b"\0")))))
    }

    fn is_end_stream(&self) -> bool {
        self.empty
    }
}

/// Reads more of `body` than can be kept, so that whoever kept it knows.
pub(crate) fn overrun<B: Body + Unpin>(body: &mut B) {
    let mut cx = Context::from_waker(std::task::Waker::noop());
    for _ in 0..MANY {
        if !matches!(
            Pin::new(&mut *body).poll_frame(&mut cx),
            Poll::Ready(Some(Ok(_)))
        ) {
            return;
        }
    }
}
