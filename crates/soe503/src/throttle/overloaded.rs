//! Whether an answer says that somebody had too much to do.

use http::{Response, StatusCode};
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::Attempt;
use soe503_core::{Cause, Tick};

#[cfg(feature = "explain")]
use crate::explain::Explained;
use crate::facts;
use crate::grpc;
use crate::served::Served;

/// Whether a request that was sent at `started` and answered `now` was refused for overload. What
/// [`Explain`](crate::Explain) and [`Retry`](crate::Retry) know goes before what the head says.
pub fn overloaded<B>(response: &Response<B>, started: Tick, now: Tick) -> bool {
    let extensions = response.extensions();
    #[cfg(feature = "explain")]
    if let Some(explained) = extensions.get::<Explained>() {
        return explained.cause == Cause::OverloadUpstreamShedding;
    }
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        return true;
    }
    let served = extensions.get::<Served>();
    match served.and_then(|served| served.ledger.as_ref()) {
        Some(ledger) => ledger.last().is_some_and(says),
        None => has_failed(response) && says(&facts::answered(response, 1, started, now)),
    }
}

/// What most answers are not, so that their heads need not be looked at.
fn has_failed<B>(response: &Response<B>) -> bool {
    response.status().is_server_error() || grpc::trailers_only(response).is_some()
}

pub(super) fn says(attempt: &Attempt) -> bool {
    mechanical(attempt) == Some(Cause::OverloadUpstreamShedding)
}
