//! A body that is written while it is sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// A body that ends when its [`Pen`] is dropped.
#[derive(Debug)]
pub struct Written(mpsc::Receiver<Frame<Bytes>>);

/// Writes a [`Written`].
#[derive(Clone, Debug)]
pub struct Pen(mpsc::Sender<Frame<Bytes>>);

// === impl Written ===

impl Written {
    /// A body, and what writes it. At most one piece waits to be taken.
    pub fn new() -> (Pen, Self) {
        let (pen, paper) = mpsc::channel(1);
        (Pen(pen), Self(paper))
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self::new().1
    }
}

impl Body for Written {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

// === impl Pen ===

impl Pen {
    /// Writes a piece, once the one before is taken. False if nobody reads any more.
    pub async fn write(&self, data: impl Into<Bytes>) -> bool {
        self.0.send(Frame::data(data.into())).await.is_ok()
    }

    /// Ends the body with trailers.
    pub async fn trailers(self, fields: &[(&'static str, &'static str)]) {
        let mut trailers = HeaderMap::new();
        for (name, value) in fields {
            trailers.insert(*name, HeaderValue::from_static(value));
        }
        // Nobody may be reading any more, which is what some tests are about.
        let _sent = self.0.send(Frame::trailers(trailers)).await;
    }

    /// Waits until nobody reads any more.
    pub async fn dropped(&self) {
        self.0.closed().await;
    }
}
