//! A response's body on its way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::h2::RecvStream;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use soe503::{BoxError, Failure, clock};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Phase};
use tokio::task::AbortHandle;

use super::fault;
use super::session::{Shared, StreamLease};

/// A response body that gives its stream back once it is completely read.
///
/// Dropped earlier, it resets the stream with `CANCEL`, and stops what is still being sent on it.
#[derive(Debug)]
pub struct H2Body {
    stream: RecvStream,
    /// What `content-length` promises and is still to come. That it is kept, `h2` sees to.
    length: Option<u64>,
    step: Step,
    /// `None` once it is over.
    lease: Option<StreamLease>,
    /// The request's body, where it is still being sent.
    upload: Option<AbortHandle>,
    connection: Arc<Shared>,
    number: u8,
    started: Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Data,
    Trailers,
    Over,
}

impl H2Body {
    pub(super) fn new(
        stream: RecvStream,
        length: Option<u64>,
        lease: StreamLease,
        upload: Option<AbortHandle>,
        attempt: &Attempt,
    ) -> Self {
        let connection = Arc::clone(lease.connection());
        let mut body = Self {
            stream,
            length,
            step: Step::Data,
            lease: Some(lease),
            upload,
            connection,
            number: attempt.number,
            started: attempt.started,
        };
        body.look_for_the_end();
        body
    }

    /// Whoever knows that this was the end does not ask again.
    fn look_for_the_end(&mut self) {
        if self.stream.is_end_stream() {
            self.over();
        }
    }

    fn over(&mut self) {
        self.step = Step::Over;
        // An upload goes on: the peer has not said that it wants no more.
        self.lease = None;
        self.upload = None;
    }

    fn broke(&mut self, error: ::h2::Error) -> BoxError {
        let fault = fault::of_stream(&error, &self.connection);
        self.step = Step::Over;
        self.lease = None;
        let attempt = Attempt {
            phase: Phase::Body,
            fault: Some(fault),
            elapsed: clock::now().since(self.started),
            ..Attempt::begin(self.number, self.started)
        };
        Failure::new(attempt).with_source(error).into()
    }
}

impl Body for H2Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        while this.step == Step::Data {
            match ready!(this.stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    // Passed on now. An error means that the stream is over, which the next poll tells.
                    let _over = this.stream.flow_control().release_capacity(data.len());
                    if data.is_empty() {
                        continue;
                    }
                    let read = data.len() as u64;
                    this.length = this.length.map(|left| left.saturating_sub(read));
                    this.look_for_the_end();
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(this.broke(error)))),
                None => this.step = Step::Trailers,
            }
        }
        if this.step == Step::Over {
            return Poll::Ready(None);
        }
        let trailers = match ready!(this.stream.poll_trailers(cx)) {
            Ok(trailers) => trailers,
            Err(error) => return Poll::Ready(Some(Err(this.broke(error)))),
        };
        this.over();
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.step == Step::Over
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            _ if self.step == Step::Over => SizeHint::with_exact(0),
            Some(length) => SizeHint::with_exact(length),
            None => SizeHint::new(),
        }
    }
}

impl Drop for H2Body {
    fn drop(&mut self) {
        if let (Some(upload), true) = (&self.upload, self.step != Step::Over) {
            upload.abort();
        }
    }
}
