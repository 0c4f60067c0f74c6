//! What Prometheus reads.
//!
//! The request path adds to plain atomics (2.3 ns each, measured) and knows no metric by name: a macro
//! such as `counter!` costs 68 to 376 ns per use and allocates its labels. Names, labels and
//! text come into being here, at scrape, from [`table`](fn@table): one row per metric, with its type, unit, labels,
//! help and the function that reads its values. The page `docs/metrics.md` is made from the same
//! rows and checked by a test, so a metric cannot exist without being documented.
//!
//! Who is told instead of asking gets the same rows ([`dogstatsd`](super::dogstatsd)).
//!
//! Failure mode: a scrape reads counters one by one while requests go on, so sums of one scrape may
//! be off by the requests of that microsecond; each counter by itself never goes back.

mod exposition;
mod format;
mod gather;
mod page;
mod samples;
mod scrape;
mod table;

pub use exposition::render;
pub use format::Format;
pub use gather::gather;
pub use page::page;
pub(in crate::control) use samples::{Sink, Value};
pub use scrape::{
    BackendScrape, DogstatsdScrape, Example, JournalScrape, PoolScrape, ResponseCount, Scrape,
    TierScrape, TlsScrape, TracesScrape,
};
pub use table::{Family, Kind, table};
