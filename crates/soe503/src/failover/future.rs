//! The future of [`Failover`](super::Failover).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::plan::{Next, Plan};
use crate::error::BoxError;
use crate::retry::ReplayBody;

pin_project! {
    /// The answer of the first pool that has one.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F, B, ResB> {
        #[pin]
        state: State<S, F>,
        plan: Box<Plan<S, B, ResB>>,
    }
}

pin_project! {
    #[project = StateProj]
    #[derive(Debug)]
    enum State<S, F> {
        // A pool has the request.
        Asking {
            #[pin]
            answering: F,
        },
        // The next pool's service is not ready.
        Readying {
            service: S,
        },
    }
}

impl<S, F, B, ResB> ResponseFuture<S, F, B, ResB> {
    pub(super) const fn first(answering: F, plan: Box<Plan<S, B, ResB>>) -> Self {
        Self {
            state: State::Asking { answering },
            plan,
        }
    }
}

impl<S, B, ResB> Future for ResponseFuture<S, S::Future, B, ResB>
where
    S: Service<Request<ReplayBody<B>>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
{
    type Output = Result<Response<ResB>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let ended = match this.state.as_mut().project() {
                StateProj::Asking { answering } => ready!(answering.poll(cx)).map_err(Into::into),
                StateProj::Readying { service } => match ready!(service.poll_ready(cx)) {
                    Ok(()) => {
                        let answering = service.call(this.plan.request());
                        this.state.set(State::Asking { answering });
                        continue;
                    }
                    Err(error) => Err(error.into()),
                },
            };
            match this.plan.ended(ended) {
                Next::Done(result) => return Poll::Ready(result),
                Next::Ask(service) => this.state.set(State::Readying { service }),
            }
        }
    }
}
