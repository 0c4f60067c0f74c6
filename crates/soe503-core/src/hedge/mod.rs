//! Whether and when a request that is still waited for is sent to a second backend.
//!
//! Some answers take long for no reason that another backend would share: a pause of its garbage
//! collector, a queue, a lost packet. Whoever asks a second backend after the time in which nearly all
//! answers come, and takes whichever answers first, cuts that tail off for a few percent more requests
//! (Dean and Barroso, "The Tail at Scale", 2013).
//!
//! **When.** After the [`percentile`](HedgeConfig::percentile) of the pool's latencies, and not sooner than
//! [`min_delay`](HedgeConfig::min_delay). The pool's is the *median of its backends'* percentiles: one
//! backend of three that has become slow does not move it, and is the one whose requests have to be sent
//! elsewhere. It is taken anew ten times a second from the backends' histograms, which halve every 30 s; a
//! request pays one load for it. Before [`minimum_requests`](HedgeConfig::minimum_requests) are known
//! nothing is sent twice.
//!
//! **Which.** `GET`, `HEAD` and `OPTIONS` without a body ([`is_safe`]): to run a request twice *at once*, to be
//! idempotent is not enough, as two `PUT`s may overtake each other.
//!
//! **When not.** What makes answers late for all makes it worse to ask twice. So there is none while the pool is
//! in panic or its circuit is not closed, for the probe of an ejected backend, without a backend in rotation that
//! was not tried, without an attempt left, or when what is left of the deadline is less than an answer usually
//! takes ([`Hedge::decide`]). Nor when eight requests in a row were late and none was answered in time, hedges
//! included ([`Hedge::answered`]): then all backends are slow, and second copies would keep them so. And the retry budget pays ([`RetryBudget::withdraw_spare`]): half of
//! what requests have paid in is kept for retries, which save requests, where a hedge saves time.
//!
//! **What follows.** A hedge is an attempt: it has a number, and counts in everything that limits attempts. The
//! first good answer is the request's; the other attempt is cancelled, which is neither a success nor a
//! failure. That it took so long already is noted with its backend
//! ([`Lease::outrun`](crate::pool::Lease::outrun)): otherwise the estimates would know the
//! fast answers only.
//!
//! [`RetryBudget::withdraw_spare`]: crate::retry::RetryBudget::withdraw_spare

mod config;
mod decide;
mod handle;
mod learn;

pub use config::{HedgeConfig, HedgeConfigError};
pub use decide::{Situation, Withheld, is_safe};
pub use handle::{Hedge, HedgeSnapshot};
