//! The trace that a request belongs to: read from its fields, continued, and told to backends.
//!
//! Where `[telemetry.traces]` is off, a listener with `trace_context` gives each request a span of its own in
//! `traceparent` ([`w3c::extend`]), and nothing is recorded. Where it is on, every request of every listener has one, in the
//! formats that are configured:
//!
//! ```text
//! head ──▶ Context::extract ──▶ sampled? ──▶ Tracing (one box for each request) ──▶ inject ──▶ stack
//!                                                    │                                          │ each attempt writes
//!                                                    │ dropped with the answer's last byte      │ its own span
//!                                                    ▼                                          ▼
//!                                       recorded, if sampled or failed ◀──────────────── Attempts, if sampled
//! ```

mod attempts;
mod b3;
mod context;
mod failed;
mod request;
mod w3c;

pub(crate) use self::attempts::AttemptSpan;
pub(super) use self::failed::leave;
pub(super) use self::request::Tracing;
pub(super) use self::w3c::{extend, id, named};
