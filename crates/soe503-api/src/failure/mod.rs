//! `GET /api/v1/failures/{request id}`: what happened to one request that was not saved.

mod attempt;
mod diagnosis;
mod record;

pub use attempt::{Attempt, Phase, RetryVerdict, Tcp};
pub use diagnosis::{Actions, Diagnosis, Evidence, Grade, RuledOut, Scope, ScopeLevel, Share};
pub use record::{FailureRecord, RequestSummary};
