//! Older answers instead of failures: `stale-if-error` ([RFC 5861](https://www.rfc-editor.org/rfc/rfc5861)
//! §4) by the rules of [RFC 9111](https://www.rfc-editor.org/rfc/rfc9111).
//!
//! A [`StaleCache`] keeps what it may of the answers that are passed on, and gives it only when a request
//! fails: with an error, or with the backend's own 500, 502, 503 or 504. It never answers for a backend
//! that could answer itself.
//!
//! # When to use
//! Where an answer from before is better than none: catalogues, pages, configuration. Not where being
//! wrong costs more than being down.
//!
//! # What is kept
//! Answers to `GET` that a shared cache may store, up to [`max_object`](StaleConfig::max_object) each and
//! [`max_bytes`](StaleConfig::max_bytes) in all; the least useful go first (S3-FIFO). Beyond the letter of
//! RFC 9111, what belongs to one person is never kept: answers that set a cookie, and answers to requests
//! with one, unless they say `public` or `s-maxage`. One variant of each target is kept, the last (`Vary`).
//!
//! # For how long
//! Until it has been stale for as long as the answer says (`stale-if-error`), else for
//! [`stale_if_error`](StaleConfig::stale_if_error). An answer that forbids to be used stale
//! (`must-revalidate`, `proxy-revalidate`, `no-cache`, `s-maxage`) is given while it is fresh, if it ever
//! was. A request that says `no-cache` gets no older answer.
//!
//! # Without a failure
//! With [`revalidate`](StaleConfig::revalidate), an answer that says `stale-while-revalidate` (§3) is
//! [offered](StaleCache::offer) to whoever asks before a backend is, while it is fresh and for so long after. The
//! first who is given a stale one gets an [`Again`]: it is to ask again, once, in the background.
//!
//! # What the client sees
//! The older answer with its `Age`, with `X-SOE-Degraded: stale`, and with `Cache-Status`
//! ([RFC 9211](https://www.rfc-editor.org/rfc/rfc9211)), whose `ttl` is negative for as long as it has been stale.
//!
//! # Cost
//! Nothing where there is none. Otherwise the answers that are kept are copied; each target at most once in
//! a second.

mod again;
mod cache;
mod directives;
mod entry;
mod tape;

pub use again::{Again, Offer};
pub use cache::{StaleCache, StaleConfig, StaleSnapshot};

#[cfg(test)]
mod again_tests;
#[cfg(test)]
mod tests;
