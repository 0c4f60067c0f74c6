//! What the layers count, for the [`metrics`](https://docs.rs/metrics) crate.
//!
//! The handles count anyway: a breaker what it refuses, a budget what it pays for, a pool what its backends fail. A
//! [`Publisher`] has some of these handles, and reads them when it is told to: the path of a request knows no metric,
//! and pays nothing for them. What `metrics` calls a counter or a gauge is made once for each handle and kept.
//!
//! # When to use
//! With any exporter for `metrics`. Install that first: what is made before there is a recorder is lost.
//! Either [`publish`](Publisher::publish) before each scrape, or have [`every`](Publisher::every) do so from time to time.
//!
//! # Names
//! Those of the soe503 proxy, so its dashboards and alerts serve here, too: [`soe503_core::metrics`] has them all with
//! their units, labels and meaning. The label `pool` is the handle's name, so call a service's breaker, budget, limit and
//! pool the same.
//!
//! # Failure mode
//! A handle that is published twice is counted once: counters are set, not added to. Of the changes of a
//! circuit the last 32 are known, so if it changes more often than that between two readings, some are not counted.
//!
//! ```
//! use soe503::circuit_breaker::{Breaker, BreakerConfig};
//! use soe503::metrics::Publisher;
//! use soe503::retry::{BudgetConfig, RetryBudget};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let breaker = Breaker::new("shop", BreakerConfig::default(), fastrand::u64(..));
//! let budget = RetryBudget::new("shop", BudgetConfig::default());
//! // After the exporter is installed:
//! let mut publisher = Publisher::new().breaker(&breaker).budget(&budget);
//! publisher.publish();
//! tokio::spawn(publisher.every(std::time::Duration::from_secs(5)));
//! # }
//! ```

mod circuit;
mod limits;
mod pool;
mod publisher;
mod series;

pub use publisher::Publisher;
