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
//!
//! **Beyond single requests.** Some causes no request shows: that all backends are slow because there is
//! too much to do, that the load is made of retries, that only one release fails. For those the control plane
//! keeps a [`history`] of each pool and asks [`rules`] once a second; a request that fails looks what they
//! found.
//!
//! # The rules, and where they are
//!
//! | rule | what it tells | where |
//! | --- | --- | --- |
//! | R1 | the health check's path is wrong | [`health::Doubt`](crate::health::Doubt), [`health::overrules`](crate::health::overrules) |
//! | R2 | the health check is turned away | the same |
//! | R3 | the health check gives up too early | the same: `within`, half of what the check allows |
//! | R4 | our timeout is too short | `rules/timeout.rs` |
//! | R5 | saturated, or a slow dependency, or one slow backend | `rules/saturated.rs`, `shared_latency.rs`, `one_slow.rs` |
//! | R6 | how far it reaches | `scope.rs`; all pools at once: `rules/everywhere.rs`, with our own echo, our workers' timers and R10 as witnesses |
//! | R7 | which change began it | not here: it belongs to incidents, which know the changes |
//! | R8 | idle connections are closed before we stop using them | `mechanical.rs`, [`keepalive`](crate::keepalive): how long connections may idle, and how many requests they serve |
//! | R9 | another proxy's own explanation | `nested.rs` |
//! | R10 | our own processor time | `rules/own_cpu.rs`; [`outcome`] blames nobody meanwhile |
//! | R11 | our descriptors, ports, memory | `errno.rs` |
//! | R12 | one thing that backends share | `shared.rs` by their health documents, `rules/same_words.rs` by their errors |
//! | R13 | a storm of retries | `rules/storm.rs`, by what clients say, and by [`Repeats`] where they say nothing |
//! | R14 | a full accept queue, or silence | `rules/silent.rs` for a pool, which knows whether another port of the host answers; `rules/backlog.rs` for one attempt; a filter or nobody there: [`reachability`](crate::reachability); on a connection that was there before: whether the kernel hears anything of its other end ([`Wire`](crate::ledger::Wire)) |
//! | R15 | only one release fails, or one zone | `rules/release.rs`, `zone.rs` |
//! | R16 | clients that leave | [`mechanical`] gives no cause, [`outcome`] ignores them; many are told beside R5 and R13 |
//! | R17 | what is behind an open circuit | `diagnose.rs`, kept by [`breaker::Trip`](crate::breaker::Trip); behind a full queue: `sick.rs` |
//! | R18 | a limit that is too low, or in use to the full | `rules/limit.rs`; a circuit does not open by chance: [`breaker`](crate::breaker) learns how often failures follow each other |
//! | R19 | backends that stop before they are taken out | `rules/draining.rs` |
//! | R20 | two causes at once | `compose.rs`; what other attempts have saved, our own processor time and checks that are wrong (`rules/checks.rs`) stand beside |

mod compose;
mod context;
mod diagnose;
mod errno;
mod evidence;
mod grade;
pub mod history;
mod mechanical;
mod nested;
mod outcome;
mod precedence;
mod repeats;
mod report;
mod rule_out;
pub mod rules;
mod scope;
mod shared;
mod sick;
mod snapshot;
mod tls;

pub use context::{BackendView, BackendViews, CircuitView, Condition, Context};
pub use diagnose::diagnose;
pub(crate) use errno::{AT_ONCE, name as errno_name};
pub(crate) use grade::alone;
pub use mechanical::{grpc, mechanical};
pub use nested::nested;
pub use outcome::outcome;
pub use repeats::Repeats;
pub use report::{Because, Diagnosis, Evidence, Grade, Level, RuledOut, Scope};
pub use snapshot::Snapshot;
pub(crate) use tls::alert_name;
