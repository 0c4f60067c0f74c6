//! One attempt on one backend, and what its end means.

use std::sync::{Arc, OnceLock};

use http::Response;
use http_body::Body;
use soe503_core::ledger::{Attempt, TimeoutKind};
use soe503_core::pool::{FailureScope, Lease, Pool as Backends, Tried};
use soe503_core::{Outcome, Tick, Verdict};

use super::body::ResponseBody;
use crate::classify::Classify;
use crate::clock;
use crate::context::RequestContext;
use crate::error::{BoxError, Failure};
use crate::facts;
use crate::served::{Outlook, Served};
use crate::verdict::{Guard, Headed};

/// The lease of a backend with everything that is needed when the attempt ends.
#[derive(Debug)]
pub(super) struct OnBackend<S, C> {
    guard: Guard<Lease<S>>,
    backends: Backends<S>,
    classify: C,
    due: Option<Due>,
    started: Tick,
    tried: Tried,
}
