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
//! # Place in a stack
//! In [`Explain`](crate::Explain), outermost: what it gives instead has passed no other layer.
//!
//! # Failure mode
//! It gives what was true before, for as long as a backend fails: an outage that nobody sees but those who look at the mark, or at the
//! failures, which are recorded as ever. Without an answer that may be kept it gives nothing, and the failure is told.
//!
//! # Cost
//! Nothing where there is none. Otherwise the answers that are kept are copied; each target at most once in
//! a second.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use soe503::stale::{StaleCache, StaleConfig};
//! use soe503::{ExplainLayer, Explainer};
//! use std::sync::atomic::{AtomicBool, Ordering};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! static UP: AtomicBool = AtomicBool::new(true);
//! let catalogue = service_fn(|_: Request<()>| async {
//!     match UP.load(Ordering::Relaxed) {
//!         true => Ok(Response::builder().header("cache-control", "max-age=60").body(Full::<Bytes>::from("shoes")).unwrap()),
//!         false => Err(std::io::Error::from_raw_os_error(111)),
//!     }
//! });
//! let kept = StaleCache::new("shop", StaleConfig::default());
//! let explainer = Explainer::builder("shop").keep(kept).build();
//! let service = ExplainLayer::new(explainer).layer(catalogue);
//! let request = || Request::get("http://shop.example/").body(()).unwrap();
//! service.clone().oneshot(request()).await.unwrap().into_body().collect().await.unwrap();
//! UP.store(false, Ordering::Relaxed);
//! let answer = service.oneshot(request()).await.unwrap();
//! assert_eq!(answer.headers()["x-soe-degraded"], "stale");
//! assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), Bytes::from("shoes"));
//! # }
//! ```

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
