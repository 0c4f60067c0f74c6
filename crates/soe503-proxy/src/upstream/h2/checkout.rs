//! A stream for an attempt, and what its attempt has to say about it.

use std::sync::Arc;

use soe503::clock;
use soe503_core::Cause;
use soe503_core::ledger::{Attempt, Fault, Knock, Phase, Refusal};

use super::link::Link;
use super::table::{self, Found};
use super::{H2Options, open};
use crate::upstream::trial::{KNOCK, Trial};

/// Room for the request of `trial` on a session, as soon as there is any.
pub(super) async fn checkout(trial: &mut Trial, options: &H2Options) -> Result<Arc<Link>, Fault> {
    trial.attempt.connect = None;
    loop {
        let waiting = match find(trial, options) {
            Found::Room(link) => {
                describe(&mut trial.attempt, &link);
                return Ok(link);
            }
            Found::Opening(waiting) => waiting,
            Found::Open(done, waiting) => {
                open::spawn(trial.upstream.clone(), *options, done);
                waiting
            }
            Found::Full { limit, in_use } => {
                trial.attempt.phase = Phase::Queue;
                return Err(Fault::Refused(Refusal::Limit {
                    cause: Cause::OverloadConcurrencyLimit,
                    limit,
                    in_use,
                }));
            }
        };
        trial.attempt.phase = Phase::Connect;
        trial.attempt.accepted_before = trial.upstream.has_accepted();
        // Boxed: connecting is rare, and its future would make that of every request bigger.
        let opened = Box::pin(trial.within_deadline(open::wait(waiting))).await;
        match opened.flatten() {
            Some(Ok(fresh)) => {
                trial.attempt.connect = Some(fresh.took);
                // It broke before anything could be sent. Whether another one would do better is not
                // for this loop to find out.
                if let Some(fault) = fresh.link.lock().ended() {
                    trial.attempt.phase = Phase::Write;
                    trial.attempt.bytes_sent = Some(0);
                    return Err(fault.clone());
                }
            }
            Some(Err(unopened)) => {
                trial.attempt.phase = unopened.phase;
                trial.attempt.connect = unopened.connect;
                trial.attempt.joined = unopened.joined;
                trial.attempt.bytes_sent = Some(0);
                return Err(unopened.fault);
            }
            None => return Err(trial.timeout()),
        }
    }
}

/// What an attempt has to say of the connection that it is made on.
fn describe(attempt: &mut Attempt, link: &Link) {
    let state = link.lock();
    attempt.reused = state.served > 0;
    attempt.idle_age = state
        .idle_since()
        .filter(|_| attempt.reused)
        .map(|since| attempt.started.since(since));
    attempt.accepted_before |= attempt.reused;
    attempt.phase = Phase::Write;
}

/// Asks a backend that broke off whether it is still there. The connection is for the next request;
/// many that broke off together knock once.
pub(super) async fn knock(trial: &mut Trial, options: &H2Options) {
    trial.broke(clock::now());
    let waiting = match find(trial, options) {
        // Another connection stands.
        Found::Room(_) => {
            trial.attempt.knock = Some(Knock::Accepted);
            return;
        }
        Found::Full { .. } => return,
        Found::Opening(waiting) => waiting,
        Found::Open(done, waiting) => {
            open::spawn(trial.upstream.clone(), *options, done);
            waiting
        }
    };
    match tokio::time::timeout(KNOCK, open::wait(waiting)).await {
        Ok(Some(Ok(_))) => trial.attempt.knock = Some(Knock::Accepted),
        Ok(Some(Err(unopened))) if unopened.fault == Fault::Errno(libc::ECONNREFUSED) => {
            trial.attempt.knock = Some(Knock::Refused);
        }
        // No answer tells nothing, and there is no time to wait for one.
        _ => {}
    }
}

fn find(trial: &Trial, options: &H2Options) -> Found {
    let most = usize::try_from(options.max_connections.get()).unwrap_or(usize::MAX);
    table::find(&trial.upstream, most, clock::now())
}
