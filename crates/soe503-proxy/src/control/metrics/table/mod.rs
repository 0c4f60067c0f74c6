//! The one list of metrics, by subject.

mod admission;
mod alerts;
mod backend;
mod dogstatsd;
mod hedge;
mod incidents;
mod journal;
mod pool;
mod process;
mod requests;
mod runtime;
mod traces;

use soe503_core::metrics::Metric;

use super::samples::{Samples, Sink};
use super::scrape::{BackendScrape, PoolScrape, Scrape};

pub use soe503_core::metrics::Kind;

/// One metric. Adding one means adding a row to the list of its subject, and nothing else. What the library
/// publishes as well has its name in [`soe503_core::metrics`].
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name, with its unit where it has one.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: Kind,
    /// The unit of its value.
    pub unit: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Puts its values.
    pub(in crate::control::metrics) read: Read,
}

/// Whose values a metric has, and how they are read.
#[derive(Clone, Copy, Debug)]
pub(in crate::control::metrics) enum Read {
    /// Of the process.
    Process(fn(&Scrape, &mut Samples<'_>)),
    /// Of each pool.
    Pool(fn(&PoolScrape, &mut Samples<'_>)),
    /// Of each backend of each pool.
    Backend(fn(&PoolScrape, &BackendScrape, &mut Samples<'_>)),
}

/// The lists, in the order of the page.
const LISTS: [&[Family]; 12] = [
    requests::ROWS,
    incidents::ROWS,
    alerts::ROWS,
    admission::ROWS,
    pool::ROWS,
    hedge::ROWS,
    backend::ROWS,
    process::ROWS,
    runtime::ROWS,
    journal::ROWS,
    traces::ROWS,
    dogstatsd::ROWS,
];

/// Every metric, in the order of the page.
pub fn table() -> impl Iterator<Item = &'static Family> {
    LISTS.into_iter().flatten()
}

// === impl Family ===

impl Family {
    /// A metric that the library has as well.
    const fn of(metric: &'static Metric, read: Read) -> Self {
        Self {
            name: metric.name,
            kind: metric.kind,
            unit: metric.unit,
            labels: metric.labels,
            help: metric.help,
            read,
        }
    }

    /// Has `sink` take its values of `scrape`.
    pub(in crate::control) fn put(&self, scrape: &Scrape, sink: &mut dyn Sink) {
        let mut samples = Samples { family: self, sink };
        self.read.put(scrape, &mut samples);
    }
}

// === impl Read ===

impl Read {
    /// Puts the values of `scrape`.
    fn put(self, scrape: &Scrape, out: &mut Samples<'_>) {
        match self {
            Self::Process(read) => read(scrape, out),
            Self::Pool(read) => scrape.pools.iter().for_each(|pool| read(pool, out)),
            Self::Backend(read) => {
                for pool in &scrape.pools {
                    for backend in &pool.backends {
                        read(pool, backend, out);
                    }
                }
            }
        }
    }
}
