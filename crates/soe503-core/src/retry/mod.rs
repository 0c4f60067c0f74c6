//! Whether, when and on whose budget a request is tried again.
//!
//! A retry can save a request, run it twice, or finish off a pool that is already struggling. So
//! it has to pass three doors, in this order:
//!
//! 1. **Proof** ([`classify`]): what happened to the request on the backend? Never sent: any method
//!    may go again. Refused by the backend before processing: likewise. Possibly processed: only a
//!    method that may run twice (RFC 9110 §9.2.2), or a request that carries an idempotency key.
//! 2. **Use** ([`decide`]): is there another backend, time for it to answer, and a reason why it
//!    should do better? A retry that cannot succeed only adds load.
//! 3. **Budget** ([`RetryBudget`]): retries are a share of the requests in the last seconds, so an
//!    outage cannot multiply traffic. Only a retry that really happens withdraws. While most attempts fail
//!    nothing is paid out ([`KillSwitch`]).
//!
//! The wait before a retry is random between zero and an exponentially growing bound ([`Backoff`]:
//! full jitter), because clients that failed together must not come back together; and it is never
//! earlier than the backend asked for with `Retry-After` ([`parse_retry_after`],
//! [`merge_retry_after`]).
//!
//! **Failure mode: fail closed.** In doubt the request is not replayed, and the
//! [`RetryVerdict`](crate::ledger::RetryVerdict) says why not, so that the failure can be explained.

mod backoff;
mod budget;
mod cut;
mod decide;
mod http_date;
mod kill_switch;
mod replay;
mod retry_after;

pub use backoff::Backoff;
pub use budget::{BudgetConfig, BudgetConfigError, BudgetSnapshot, RetryBudget};
pub use cut::Cut;
pub use decide::{Decision, RetryPolicy, Situation, decide};
pub use kill_switch::{KillSwitch, Share, Tried};
pub use replay::{ReplayClass, classify, idempotent_method, is_gone, keepalive_race, may_go_back};
pub use retry_after::{MAX_RETRY_AFTER, merge_retry_after, parse_retry_after};
