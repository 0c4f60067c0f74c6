//! The cause that the facts prove.
//!
//! [`mechanical`] names what one attempt proves by itself: an errno, a TLS alert, parsed bytes, a
//! timer or a decision of ours. [`outcome`] says what that means to breakers and ejection.
//! [`diagnose`] looks at all attempts of a request and at the state around it, and comes to one
//! primary cause with its root, its grade, its scope, its evidence, and what it is not.
//!
//! **Why rules over values.** Every conclusion is a match on numbers that were captured where the
//! failure happened. Nothing is guessed from texts, so the same facts always give the same cause,
//! and a table of rows tests it. **Failure mode:** what no rule covers is
//! `unknown/unclassified`, which is counted and shown; a rule that lacks a counter-check says
//! `suspected` instead of more than it knows.
//!
//! **Which of several.** Own policy comes before own resources, then name resolution, connect,
//! TLS, HTTP's bytes, timeouts, and last the backend's status. An open circuit and an empty
//! rotation are consequences: a failure that the request met itself comes first. Behind a refusal
//! stands its root, kept with the breaker since it tripped, and corrected by the last probe.

mod context;
mod diagnose;
mod errno;
mod evidence;
mod grade;
mod mechanical;
mod nested;
mod outcome;
mod precedence;
mod report;
mod rule_out;
mod scope;
mod shared;
mod tls;

pub use context::{BackendView, CircuitView, Condition, Context};
pub use diagnose::diagnose;
pub(crate) use errno::name as errno_name;
pub(crate) use grade::alone;
pub use mechanical::{grpc, mechanical};
pub use nested::nested;
pub use outcome::outcome;
pub use report::{Because, Diagnosis, Evidence, Grade, Level, RuledOut, Scope};
pub(crate) use tls::alert_name;
