//! One request on one HTTP/1.1 connection, and what is known when it fails.

use std::future::poll_fn;

use http::{Request, Response};
use soe503::{BoxError, clock};
use soe503_core::ledger::{Fault, Knock, Phase};

use super::connection::{ConnectError, Connection};
use super::trial::{KNOCK, Trial, is_break};
use super::{RequestBody, Upstream, UpstreamBody, fault, idle};

/// Sends `request` to `upstream` and waits for the head of its answer.
pub(super) async fn run(
    upstream: Upstream,
    mut request: Request<RequestBody>,
) -> Result<Response<UpstreamBody>, BoxError> {
    let mut trial = Trial::begin(upstream, request.extensions());
    loop {
        let (mut connection, waited) = match checkout(&mut trial).await {
            Ok(checked_out) => checked_out,
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
            Some(Ok(response)) => {
                let upstream = trial.upstream.clone();
                let response = response.map(|body| UpstreamBody::h1(body, upstream, connection));
                return Ok(trial.answered(response));
            }
            Some(Err(mut error)) => match error.take_message() {
                // The backend had closed the idle connection and hyper never touched the request:
                // the next connection may be better. Ends, because each round uses one up.
                Some(untouched) if waited => request = untouched,
                _ => {
                    let fault = fault::of_exchange(error.error());
                    if is_break(&fault) {
                        Box::pin(knock(&mut trial)).await;
                    }
                    return Err(trial.failed(fault));
                }
            },
            // Dropping the exchange closes the connection.
            None => {
                let fault = trial.timeout();
                return Err(trial.failed(fault));
            }
        }
    }
}

/// A connection that is ready for a request, and whether it had waited for one: one of the idle
/// pool, or a new one.
async fn checkout(trial: &mut Trial) -> Result<(Connection, bool), Fault> {
    let now = trial.attempt.started;
    while let Some(mut connection) = idle::take(trial.upstream.0.key, now) {
        // Its previous exchange may still be winding up; an error means it was closed meanwhile.
        if poll_fn(|cx| connection.poll_ready(cx)).await.is_ok() {
            // One that has served nothing yet is as good as new.
            trial.attempt.reused = connection.served > 0;
            let idle = now.since(connection.idle_since);
            trial.attempt.idle_age = trial.attempt.reused.then_some(idle);
            trial.attempt.accepted_before = true;
            return Ok((connection, true));
        }
    }
    // Boxed: connecting is rare, and its future would make that of every request twice as big.
    let connection = Box::pin(connect(trial)).await?;
    Ok((connection, false))
}

async fn connect(trial: &mut Trial) -> Result<Connection, Fault> {
    trial.attempt.phase = Phase::Connect;
    trial.attempt.reused = false;
    trial.attempt.idle_age = None;
    trial.attempt.accepted_before = trial.upstream.has_accepted();
    let now = clock::now();
    let limit = trial.upstream.options().connect_timeout;
    let limit = trial
        .deadline
        .map_or(limit, |(at, _)| limit.min(at.since(now)));
    match Connection::open(trial.upstream.address(), limit, now).await {
        Ok(connection) => {
            trial.attempt.connect = Some(connection.connect_time);
            trial.upstream.accepted();
            Ok(connection)
        }
        Err(error) => {
            if matches!(error, ConnectError::Timeout) {
                trial.attempt.connect = Some(limit);
            }
            Err(fault::of_connect(&error))
        }
    }
}

/// Asks a backend that broke off whether it is still there: a new connection is kept for the
/// next request, and a refused one tells that the backend died, one attempt sooner than
/// anybody would notice otherwise.
async fn knock(trial: &mut Trial) {
    let now = clock::now();
    // Whatever ended this connection is likely to have ended the older ones as well, and the
    // next attempt shall show what a new one is worth.
    idle::clear(trial.upstream.0.key);
    trial.broke(now);
    let limit = trial.upstream.options().connect_timeout.min(KNOCK);
    match Connection::open(trial.upstream.address(), limit, now).await {
        Ok(connection) => {
            trial.attempt.knock = Some(Knock::Accepted);
            trial.upstream.keep_unused(connection);
        }
        Err(ConnectError::Io(error)) if error.raw_os_error() == Some(libc::ECONNREFUSED) => {
            trial.attempt.knock = Some(Knock::Refused);
        }
        // No answer tells nothing, and there is no time to wait for one.
        Err(_) => {}
    }
}
