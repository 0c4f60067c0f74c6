//! What the tests of the layers share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

pub mod circuit;
pub mod explaining;
pub mod hedging;
pub mod pools;
pub mod retrying;
pub mod upstream;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Empty, Full};
use soe503::BoxError;
use tower_test::mock;

/// A response body that does as it is told, and waits when it has nothing left to do.
#[derive(Clone, Debug, Default)]
pub struct Script {
    steps: Arc<Mutex<Steps>>,
}

#[derive(Debug, Default)]
struct Steps {
    queue: VecDeque<Step>,
    waker: Option<Waker>,
}

#[derive(Debug)]
pub enum Step {
    Data(&'static str),
    Trailers(HeaderMap),
    Error(i32),
    Panic,
    End,
}

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let script = Self::default();
        for step in steps {
            script.push(step);
        }
        script
    }

    pub fn push(&self, step: Step) {
        let mut steps = self.steps.lock().unwrap();
        steps.queue.push_back(step);
        if let Some(waker) = steps.waker.take() {
            waker.wake();
        }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let mut steps = self.steps.lock().unwrap();
        let Some(step) = steps.queue.pop_front() else {
            steps.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(steps);
        Poll::Ready(match step {
            Step::Data(text) => Some(Ok(Frame::data(Bytes::from(text)))),
            Step::Trailers(map) => Some(Ok(Frame::trailers(map))),
            Step::Error(errno) => Some(Err(io::Error::from_raw_os_error(errno))),
            Step::Panic => panic!("a bug in a body"),
            Step::End => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.steps.lock().unwrap().queue.front(), Some(Step::End))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

pub type Handle<ReqB, ResB> = mock::Handle<Request<ReqB>, Response<ResB>>;
pub type Mock<ReqB, ResB> = mock::Mock<Request<ReqB>, Response<ResB>>;

pub const REFUSED: i32 = 111;
pub const RESET: i32 = 104;

pub fn errno(number: i32) -> BoxError {
    io::Error::from_raw_os_error(number).into()
}

pub fn get() -> Request<Empty<Bytes>> {
    Request::builder()
        .uri("/path?q=1")
        .body(Empty::new())
        .unwrap()
}

pub fn request<B>(method: &str, body: B) -> Request<B> {
    Request::builder()
        .method(method)
        .uri("/path")
        .body(body)
        .unwrap()
}

pub fn status(code: u16) -> Response<Full<Bytes>> {
    Response::builder()
        .status(code)
        .body(Full::from("said"))
        .unwrap()
}

pub fn empty(code: u16) -> Response<Empty<Bytes>> {
    Response::builder().status(code).body(Empty::new()).unwrap()
}
