//! What of an incident is told to whom, and what becomes of a message that does not arrive.
//!
//! ```text
//!  incident ──▶ Interest ──▶ Told ──▶ Outbox ──▶ (a request) ──▶ Reply ──▶ delivered
//!               for me?      new?     one entry                    │
//!                                     per incident ◀── later ──────┴──▶ refused · given up
//! ```
//!
//! **Deduplicated.** Of an incident three things are told: that it was opened, that it *grew*, that it is over. Grown is
//! what is worse by a factor ([`Interest::grew_by`]) or by a [`Severity`], not what failed since a moment ago: an outage
//! of a day with a million failures is told half a dozen times.
//!
//! **Coalesced.** While a target is down its [`Outbox`] holds one entry for each incident, and that says what is true now. An
//! incident that was opened and closed meanwhile is told as closed, once. So a target that was down for an hour gets what it
//! needs to know, and the memory that it costs has a bound whatever happens.
//!
//! **Given up.** A message that a target refuses is not sent again: it will not become better. Anything else (no connection, no
//! answer in time, 429, 5xx, a token that is not accepted and may be replaced) is tried again with growing, random pauses, or when
//! the target says so, for as long as [`Patience`] lasts.
//!
//! Failure mode: a target that is told nothing for longer than that misses what happened, and its counter says so; what is
//! still open is told when it grows, or ends.

mod interest;
mod outbox;
mod patience;
mod severity;
mod told;

pub use interest::{Facts, Interest, Topic};
pub use outbox::{Entry, MOST_ENTRIES, Outbox};
pub use patience::{Patience, Reply, Verdict};
pub use severity::Severity;
pub use told::{Event, Sight, Told};
