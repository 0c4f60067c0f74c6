//! The response body of [`Explain`](super::Explain).

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's body, or ours.
    #[derive(Debug)]
    pub struct ExplainBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    #[derive(Debug)]
    enum Kind<B> {
        Inner {
            #[pin]
            body: B,
        },
        Told {
            text: Bytes,
        },
    }
}

impl<B> ExplainBody<B> {
    pub(super) const fn inner(body: B) -> Self {
        Self {
            kind: Kind::Inner { body },
        }
    }

    pub(super) const fn told(text: Bytes) -> Self {
        Self {
            kind: Kind::Told { text },
        }
    }
}

impl<B> ExplainBody<B> {
    /// The inner service's body; `None` if the answer is ours.
    pub const fn get_mut(&mut self) -> Option<&mut B> {
        match &mut self.kind {
            Kind::Inner { body } => Some(body),
            Kind::Told { .. } => None,
        }
    }
}

impl<B: Default> Default for ExplainBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B> Body for ExplainBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().kind.project() {
            KindProj::Inner { body } => body.poll_frame(cx),
            KindProj::Told { text } if text.is_empty() => Poll::Ready(None),
            KindProj::Told { text } => {
                let text = std::mem::take(text);
                Poll::Ready(Some(Ok(Frame::data(text.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Told { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Told { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}
