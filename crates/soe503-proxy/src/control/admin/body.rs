//! Bodies of requests, which have to come in time.
//!
//! A connection is one of few (`serve.rs`), and whoever sends a byte now and then would have it for as long as it lives.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

/// How long a whole body may take from the end of its request's head.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a body came too late.
#[derive(Clone, Debug, Default)]
pub(super) struct Late(Arc<AtomicBool>);

pin_project! {
    /// A body that ends with an error when its time is over.
    struct Timed {
        #[pin]
        body: Body,
        #[pin]
        over: Sleep,
        late: Late,
    }
}

/// `body`, which is given [`TIMEOUT`] from now on. Whoever reads it gets an error then, of which only what is returned beside says what it is.
pub(super) fn timed(body: Body) -> (Body, Late) {
    let late = Late::default();
    let timed = Timed {
        body,
        over: sleep(TIMEOUT),
        late: late.clone(),
    };
    (Body::new(timed), late)
}

// === impl Late ===

impl Late {
    /// Somebody has waited for it in vain.
    pub(super) fn is(&self) -> bool {
        self.0.load(Relaxed)
    }
}

// === impl Timed ===

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(this.over.poll(cx));
        this.late.0.store(true, Relaxed);
        Poll::Ready(Some(Err("the body did not come in time".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
