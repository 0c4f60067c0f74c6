//! One request on one connection, and what is known when it fails.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use soe503::{BoxError, Failure, RequestContext, clock};
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Fault, Knock, Ledger, Phase, TimeoutKind};

use super::connection::{ConnectError, Connection};
use super::{BackendHost, RequestBody, Upstream, UpstreamBody, fault, idle};

/// How long a knock at a backend that broke off may take.
const KNOCK: Duration = Duration::from_millis(100);

/// Sends `request` to `upstream` and waits for the head of its answer.
pub(super) async fn run(
    upstream: Upstream,
    mut request: Request<RequestBody>,
) -> Result<Response<UpstreamBody>, BoxError> {
    if request.extensions().get::<BackendHost>().is_some() {
        let host = upstream.host().clone();
        request.headers_mut().insert(HOST, host);
    }
    let context = request.extensions().get::<RequestContext>();
    let started = context.map_or_else(clock::now, |c| c.now);
    let number = context.map_or(1, |c| c.number);
    let deadline = context.and_then(|c| c.due().map(|at| (at, c.due_kind(at))));
    let mut trial = Trial {
        upstream,
        attempt: Attempt::begin(number, started),
        waited: false,
        deadline,
    };

    loop {
        let mut connection = match trial.checkout().await {
            Ok(connection) => connection,
            Err(fault) => return Err(trial.failed(fault)),
        };
        let sent_before = connection.meter().written();
        let received_before = connection.meter().read();
        let exchange = connection.sender().try_send_request(request);
        let answer = trial.within_deadline(exchange).await;
        let sent = connection.meter().written() - sent_before;
        trial.attempt.bytes_sent = Some(sent);
        trial.attempt.bytes_received = Some(connection.meter().read() - received_before);
        trial.attempt.phase = if sent == 0 {
            Phase::Write
        } else {
            Phase::WaitHeaders
        };
        match answer {
            Some(Ok(response)) => return Ok(trial.answered(response, connection)),
            Some(Err(mut error)) => match error.take_message() {
                // The backend had closed the idle connection and hyper never touched the request:
                // the next connection may be better. Ends, because each round uses one up.
                Some(untouched) if trial.waited => request = untouched,
                _ => {
                    let fault = fault::of_exchange(error.error());
                    if is_break(&fault) {
                        Box::pin(trial.knock()).await;
                    }
                    return Err(trial.failed(fault));
                }
            },
            // Dropping the exchange closes the connection.
            None => {
                let kind = trial
                    .deadline
                    .map_or(TimeoutKind::Attempt, |(_, kind)| kind);
                return Err(trial.failed(Fault::Timeout(kind)));
            }
        }
    }
}

/// The backend broke the connection off before it answered.
fn is_break(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Closed | Fault::Errno(libc::ECONNRESET | libc::EPIPE)
    )
}

/// An attempt in progress.
struct Trial {
    upstream: Upstream,
    attempt: Attempt,
    /// The connection was taken from the idle pool.
    waited: bool,
    /// When it must be answered, and whose limit that is.
    deadline: Option<(Tick, TimeoutKind)>,
}

impl Trial {
    /// A connection that is ready for a request: a waiting one, or a new one.
    async fn checkout(&mut self) -> Result<Connection, Fault> {
        let now = self.attempt.started;
        while let Some(mut connection) = idle::take(self.upstream.0.key, now) {
            // Its previous exchange may still be winding up; an error means it was closed meanwhile.
            if poll_fn(|cx| connection.poll_ready(cx)).await.is_ok() {
                self.waited = true;
                // One that has served nothing yet is as good as new.
                self.attempt.reused = connection.served > 0;
                let idle = now.since(connection.idle_since);
                self.attempt.idle_age = self.attempt.reused.then_some(idle);
                self.attempt.accepted_before = true;
                return Ok(connection);
            }
        }
        // Boxed: connecting is rare, and its future would make that of every request twice as big.
        Box::pin(self.connect()).await
    }

    async fn connect(&mut self) -> Result<Connection, Fault> {
        self.waited = false;
        self.attempt.phase = Phase::Connect;
        self.attempt.reused = false;
        self.attempt.idle_age = None;
        self.attempt.accepted_before = self.upstream.has_accepted();
        let now = clock::now();
        let limit = self.upstream.options().connect_timeout;
        let limit = self
            .deadline
            .map_or(limit, |(at, _)| limit.min(at.since(now)));
        match Connection::open(self.upstream.address(), limit, now).await {
            Ok(connection) => {
                self.attempt.connect = Some(connection.connect_time);
                self.upstream.accepted();
                Ok(connection)
            }
            Err(error) => {
                if matches!(error, ConnectError::Timeout) {
                    self.attempt.connect = Some(limit);
                }
                Err(fault::of_connect(&error))
            }
        }
    }

    /// Asks a backend that broke off whether it is still there: a new connection is kept for the
    /// next request, and a refused one tells that the backend died, one attempt sooner than
    /// anybody would notice otherwise.
    async fn knock(&mut self) {
        let now = clock::now();
        // Whatever ended this connection is likely to have ended the older ones as well, and the
        // next attempt shall show what a new one is worth.
        idle::clear(self.upstream.0.key);
        if !self.attempt.reused {
            self.upstream.broke_fresh(now);
        }
        self.attempt.fresh_breaks = self.upstream.breaks_fresh(now);
        let limit = self.upstream.options().connect_timeout.min(KNOCK);
        match Connection::open(self.upstream.address(), limit, now).await {
            Ok(connection) => {
                self.attempt.knock = Some(Knock::Accepted);
                self.upstream.keep_unused(connection);
            }
            Err(ConnectError::Io(error)) if error.raw_os_error() == Some(libc::ECONNREFUSED) => {
                self.attempt.knock = Some(Knock::Refused);
            }
            // No answer tells nothing, and there is no time to wait for one.
            Err(_) => {}
        }
    }

    /// `None` if the deadline comes first.
    ///
    /// No timer of its own: the layers above hold the alarm and poll this once more when it rings
    /// (the contract of `RequestContext`), which leaves the facts to the one who knows them.
    async fn within_deadline<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        // The first poll follows the start at once and need not look at the clock.
        let mut waited = false;
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if std::mem::replace(&mut waited, true) && self.is_overdue() => {
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|(at, _)| clock::now() >= at)
    }

    fn answered(
        mut self,
        response: Response<Incoming>,
        connection: Connection,
    ) -> Response<UpstreamBody> {
        let failing = response.status().is_server_error();
        let status = response.status().as_u16();
        let upstream = self.upstream.clone();
        let mut response = response.map(|body| UpstreamBody::new(body, upstream, connection));
        if failing {
            // The layers above decide what it means; these facts are theirs to keep.
            self.attempt.status = Some(status);
            self.attempt.phase = Phase::Done;
            self.attempt.fault = Some(Fault::Status(status));
            self.finish();
            response.extensions_mut().insert(self.attempt);
        }
        response
    }

    fn failed(mut self, fault: Fault) -> BoxError {
        self.attempt.fault = Some(fault);
        self.finish();
        Box::new(Failure::new(Ledger::from(self.attempt)))
    }

    fn finish(&mut self) {
        self.attempt.elapsed = clock::now()
            .since(self.attempt.started)
            .max(Duration::from_nanos(1));
    }
}
