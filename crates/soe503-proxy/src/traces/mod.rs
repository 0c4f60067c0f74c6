//! Traces: one SERVER span for each request that is recorded, one CLIENT span for each attempt, sent to an
//! OpenTelemetry collector.
//!
//! ```text
//! worker ── try_send(Trace) ──▶ bounded queue ──▶ exporter's thread ── batch ──▶ OTLP collector
//!              │ full: count, go on                    (retries with backoff; bounded; never waited for)
//! ```
//!
//! A request is recorded if its trace is sampled, or, after the fact, because it failed. A worker hands over one
//! boxed struct of numbers and shared text; names, attributes and bytes come into being on the exporter's thread, which
//! polls the queue: no worker pays to wake it.
//!
//! Failure mode: it fails open. A collector that is dead, slow or talks nonsense costs spans, never requests; what is
//! lost is counted by reason in `soe503_traces_dropped_total`. A single batch is kept for retries, so that memory is
//! bounded by the queue and that batch.
//!
//! The encoding is our own: eight messages, written field by field (`encode.rs`) as
//! `opentelemetry/proto/trace/v1/trace.proto` says. Tests read it back with the generated code of other implementations.

mod answer;
mod counts;
mod encode;
mod exporter;
mod handle;
mod ids;
mod protobuf;
mod retry;
mod send;
mod span;
#[cfg(test)]
mod testing;

pub use counts::{Counts, Dropped};
pub use handle::{Policy, Traces};
pub use ids::{Sampler, SpanId, TraceId};
pub(crate) use span::{Asked, ClientSpan, Trace};
