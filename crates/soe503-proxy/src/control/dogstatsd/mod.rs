//! Metrics for a DogStatsD server: who cannot ask is told.
//!
//! The same rows that a scrape reads ([`metrics`](super::metrics)) are sent every `interval`, under the names that the Datadog agent's
//! OpenMetrics check gives them, so that one dashboard serves both ways. A server adds up what it is told, so it is told
//! differences:
//!
//! | row | lines |
//! | --- | --- |
//! | counter `soe503_NAME_total` | `soe503.NAME.count`, by how much it grew; nothing if it did not |
//! | gauge `soe503_NAME` | `soe503.NAME`, as it is |
//! | histogram `soe503_NAME` | `soe503.NAME`, a distribution: as many values as came, spread within each bucket; `.count` and `.sum`, by how much they grew |
//! | `process_NAME` | `soe503.process.NAME`, likewise |
//!
//! Labels become tags. Those that Datadog keeps for itself are called otherwise (`lines`). Why is what was lost not told
//! again? Because a server puts everything at the moment when it hears of it: a minute's failures told at once are
//! a peak that never was. UDP does not even say what was lost.
//!
//! | module | what it does |
//! | --- | --- |
//! | `environment` | what the agent's variables say |
//! | `told` | what was told last, and differences |
//! | `lines` | rows of the table as lines |
//! | `packets` | lines as packets |
//! | `outlet` | the socket: opened, lost, opened again |
//! | `run` | when |
//!
//! Failure mode: with nobody listening, packets are dropped and counted (`soe503_dogstatsd_dropped_total`), and the log says so once. A
//! process that is killed has told nothing of its last `interval`; one that ends has.

mod counts;
mod environment;
mod lines;
mod outlet;
mod packets;
mod run;
mod told;

pub use counts::{Counts, Lost};
pub(crate) use lines::{OURS, tags_of_metrics};
pub(super) use run::start;
