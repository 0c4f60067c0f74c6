//! Simulated backends: what a connector with a backend behind it would do, without a socket.
//!
//! The facts that it leaves in its errors are those that the proxy's own connector reports, and they
//! are true: bytes that the simulated kernel took are counted, a connection that was used before says so,
//! and after a break somebody knocks.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use soe503::{BoxError, Failure, RequestContext, clock};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Knock, Phase, TimeoutKind};
use tower::Service;

use crate::body::Reply;
use crate::clock::pass;
use crate::fault::Kind;
use crate::schedule::{CONNECT_TIMEOUT, JITTER};
use crate::visit::Visit;
use crate::world::World;

/// The pool's way to one backend.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    world: World,
    machine: usize,
}

/// Says which request it is.
pub(crate) const ID: &str = "x-id";
/// Says that a backend answered.
pub(crate) const FROM: &str = "x-backend";

/// What a request's head takes.
const HEAD: usize = 100;
const EPIPE: i32 = 32;
const ECONNRESET: i32 = 104;
const ECONNREFUSED: i32 = 111;

/// One exchange.
#[derive(Debug)]
struct Exchange {
    visit: Visit,
    number: u8,
    started: Tick,
    reused: bool,
}

/// What a backend answers.
#[derive(Clone, Copy, Debug)]
struct Answer {
    status: u16,
    retry_after: Option<u32>,
    breaks_after: Option<u32>,
}

// === impl Backend ===

impl Backend {
    pub(crate) fn new(world: &World, machine: usize) -> Self {
        Self {
            world: world.clone(),
            machine,
        }
    }

    /// Which one it is.
    pub(crate) const fn machine(&self) -> usize {
        self.machine
    }

    async fn serve<B>(self, request: Request<B>) -> Result<Response<Reply>, BoxError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        let id = request.headers().get(ID).and_then(|id| id.to_str().ok());
        let id = id.and_then(|id| id.parse().ok()).expect("it has a number");
        let context = request.extensions().get::<RequestContext>();
        let number = context.map_or(1, |context| context.number);
        let hedge = context.is_some_and(|context| context.hedge);
        let (reused, stale) = self.connection();
        let visit = Visit::begin(&self.world, self.machine, id, (number, hedge), reused);
        let exchange = Exchange {
            visit,
            number,
            started: clock::now(),
            reused,
        };
        let died = self
            .world
            .with(|state| state.machines[self.machine].died.clone());
        let done = {
            let mut died = std::pin::pin!(died.notified());
            died.as_mut().enable();
            let work = exchange.work(request.into_body(), stale);
            tokio::select! {
                biased;
                () = died => Err(exchange.broke(Fault::Errno(ECONNRESET), "it died").into()),
                done = work => done,
            }
        };
        match done {
            Ok(answer) => Ok(exchange.respond(&answer)),
            Err(error) => Err(error),
        }
    }

    /// A connection: whether it was used before, and whether it is dead in truth.
    fn connection(&self) -> (bool, bool) {
        let now = self.world.now();
        self.world.with(|state| {
            let machine = &mut state.machines[self.machine];
            if machine.stale > 0 && now < machine.noticed {
                machine.stale -= 1;
                return (true, true);
            }
            machine.stale = 0;
            let reused = machine.idle > 0;
            machine.idle -= u32::from(reused);
            (reused, false)
        })
    }
}

impl<B> Service<Request<B>> for Backend
where
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Reply>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Reply>, BoxError>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(self.clone().serve(request))
    }
}

// === impl Exchange ===

impl Exchange {
    /// Everything until the answer's head.
    async fn work<B>(&self, body: B, stale: bool) -> Result<Answer, BoxError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        let wrong = self.visit.wrong();
        if !self.reused {
            self.connect(wrong).await?;
        }
        let room = match wrong {
            Some(Kind::Reset(bytes)) => bytes,
            _ => usize::MAX,
        };
        if !self.visit.hand(HEAD, room) {
            return Err(self.broke(Fault::Errno(ECONNRESET), "reset").into());
        }
        if stale {
            return Err(self
                .broke(Fault::Errno(EPIPE), "nobody on the other side")
                .into());
        }
        if let Some(Kind::Sheds(after)) = wrong {
            // The body is left alone.
            self.visit.take_time(0).await;
            return Ok(Answer::of(503).after(after));
        }
        self.upload(body, room).await?;
        match wrong {
            Some(Kind::Reset(_)) => Err(self.broke(Fault::Errno(ECONNRESET), "reset").into()),
            Some(Kind::Hung | Kind::Blackhole) => std::future::pending().await,
            Some(Kind::Slow(millis)) => {
                self.visit.take_time(millis).await;
                Ok(Answer::of(200))
            }
            Some(Kind::Closes) => {
                self.visit.take_time(0).await;
                Err(self.broke(Fault::Closed, "closed").into())
            }
            _ => {
                self.visit.take_time(0).await;
                Ok(self.answer(wrong))
            }
        }
    }

    async fn connect(&self, wrong: Option<Kind>) -> Result<(), BoxError> {
        let fault = match wrong {
            Some(kind) if kind.refuses() => Fault::Errno(ECONNREFUSED),
            Some(Kind::Blackhole) => {
                pass(CONNECT_TIMEOUT).await;
                Fault::Timeout(TimeoutKind::Connect)
            }
            _ => return Ok(()),
        };
        self.visit
            .broke("no connection", fault == Fault::Errno(ECONNREFUSED));
        let attempt = Attempt {
            phase: Phase::Connect,
            ..self.attempt(fault)
        };
        Err(Failure::new(attempt).into())
    }

    async fn upload<B>(&self, mut body: B, room: usize) -> Result<(), BoxError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BoxError>,
    {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                self.visit.broke("the upload broke off", false);
                error.into()
            })?;
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if !self.visit.hand(bytes, room) {
                return Err(self.broke(Fault::Errno(ECONNRESET), "reset").into());
            }
        }
        Ok(())
    }

    fn answer(&self, wrong: Option<Kind>) -> Answer {
        match wrong {
            Some(Kind::Errors(percent)) if self.visit.chance(percent) => Answer::of(500),
            Some(Kind::Misdirected) => Answer::of(421),
            Some(Kind::Truncates(frames)) => Answer {
                breaks_after: Some(frames),
                ..Answer::of(200)
            },
            _ => Answer::of(200),
        }
    }

    fn respond(self, answer: &Answer) -> Response<Reply> {
        let machine = self.visit.machine();
        self.visit.answered(answer.status);
        let reply = Reply::new(self.visit, answer.status, answer.breaks_after);
        let mut response = Response::new(reply);
        *response.status_mut() = answer.status.try_into().expect("a status");
        let headers = response.headers_mut();
        headers.insert(FROM, HeaderValue::from(machine));
        if let Some(after) = answer.retry_after {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from(after));
        }
        response
    }

    /// The connection was there and is not any more.
    fn broke(&self, fault: Fault, how: &'static str) -> Failure {
        let refuses = self.visit.wrong().is_some_and(Kind::refuses);
        self.visit.broke(how, refuses);
        let handed = self.visit.handed() as u64;
        Failure::new(Attempt {
            phase: if handed > 0 {
                Phase::WaitHeaders
            } else {
                Phase::Write
            },
            bytes_sent: Some(handed),
            bytes_received: Some(0),
            knock: Some(if refuses {
                Knock::Refused
            } else {
                Knock::Accepted
            }),
            ..self.attempt(fault)
        })
    }

    fn attempt(&self, fault: Fault) -> Attempt {
        Attempt {
            fault: Some(fault),
            elapsed: clock::now().since(self.started),
            reused: self.reused,
            ..Attempt::begin(self.number, self.started)
        }
    }
}

// === impl Answer ===

impl Answer {
    const fn of(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            breaks_after: None,
        }
    }

    const fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// How long a backend of `latency` takes now.
pub(crate) fn service_time(latency: u32, rng: &mut fastrand::Rng) -> u32 {
    latency + rng.u32(0..=JITTER)
}
