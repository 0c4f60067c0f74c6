//! The layers of [`soe503`] inside Cloudflare's [Pingora](pingora): retry by proof, ejection, a circuit, waiting through
//! blips, and one tagged answer for what cannot be saved.
//!
//! For those who run a Pingora proxy already. A [`ResilientProxy`] is a `ProxyHttp` around yours, or around nothing: the
//! stack chooses the backend of each attempt, decides whether another follows, and answers what has failed. Everything else
//! stays Pingora's: listeners, parsing, connections, bodies, caching.
//!
//! ```
//! use pingora::prelude::{HttpPeer, Server};
//! use pingora::proxy::http_proxy_service;
//! use pingora::server::configuration::ServerConf;
//! use soe503::Explainer;
//! use soe503_pingora::{Config, ResilientProxy, Upstream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let backends = ["127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8083"]
//!     .map(|address| Upstream::backend(HttpPeer::new(address, false, String::new())));
//! let app = Config::default().build("app", backends.into(), Explainer::builder("edge"))?;
//!
//! let mut server = Server::new_with_opt_and_conf(None, ServerConf::default());
//! server.bootstrap();
//! let mut service = http_proxy_service(&server.configuration, ResilientProxy::new(app.stack.clone()));
//! service.add_tcp("127.0.0.1:8080");
//! server.add_service(service);
//! # if false {
//! server.run_forever();
//! # }
//! # Ok(()) }
//! ```
//!
//! `examples/proxy.rs` is the same as a program, and without arguments shows a failure and its explanation. With hooks of your own: [`ResilientProxy::around`]; its context is a [`Visit`]
//! whose [`inner`](Visit::inner) is yours. With other layers: [`Stack`] is implemented by every tower stack of them over a
//! [`Pool`](soe503::Pool) of [`Upstream`]s with [`Explain`](soe503::Explain) outermost, a rate limit or a concurrency limit among them.
//!
//! # What it does that Pingora does not
//!
//! - **No request runs twice that must not.** A request goes to another backend if it found no connection, if HTTP/2 says
//!   that nobody looked at it, or if its method is idempotent. Up to 0.8 Pingora's default `error_while_proxy` sent any
//!   request again, a `POST` too, when a reused connection broke off. The default of 0.9.1, to which this crate is pinned, asks
//!   for the method and sends only what is idempotent; but whoever overrides that hook, as programs written for 0.8 do,
//!   has no such rule any more. Here that hook decides nothing. `tests/proxy/replay.rs` plays all three: the rule of 0.8, the
//!   default that is linked, and the first of them inside of this wrapper.
//! - **Retries have limits**: attempts (Pingora's own loop allows 16), a budget, backoff with jitter, the request's deadline;
//!   and an answer of 500, 502, 503 or 504 is a reason for one.
//! - **Backends are ejected** on what requests say, and probed by one request before they come back.
//! - **A circuit** fails fast while the pool is dead, remembers why, and lets requests wait while it may be a blip.
//! - **Failures are explained**: `X-Error-Code`, `Soe-Cause`, `Proxy-Status`, `Retry-After` and a document, as the proxy does. Why the
//!   circuit or the pool refuses is told on a connection that stays open, and without a line in Pingora's log.
//! - **A request with both `Content-Length` and `Transfer-Encoding`** is refused with 400. Pingora drops the length and goes on.
//!
//! # How Pingora's errors are read
//!
//! See the table in [`facts`].
//!
//! # What differs from the proxy
//!
//! Pingora is in control between its hooks, and says less than a connector of our own would. Hence:
//!
//! - What the kernel took of a request is not told, so one that met a dead reused connection counts as sent.
//! - An attempt whose time is over is cut: it cannot go on because no other can follow. One that is the last, or must not run
//!   twice, has the request's time from the start. The same limit counts for each read of the body.
//! - A 5xx that another attempt follows is given up when its head is here: its connection is closed, and if the circuit
//!   refuses the next attempt, the client gets its status and fields without its body. Short answers are not held until they are whole.
//! - A request's body is kept for another attempt by Pingora: 64 KiB.
//! - After a failure that came of an attempt the client's connection is closed, as Pingora does.
//! - A client that leaves while its request waits between two attempts is noticed when the next one begins.
//! - No hedging (it needs two attempts at a time), no failover between pools on one another's answers, no health checks, no knocks at an open
//!   circuit's backends, no admin API, journal or incidents: for those there is the proxy. Whoever keeps records gets them from
//!   [`Builder::record`](soe503::explain::Builder::record).
//! - Backends that are proxies of this family are not lent attempts, and what they explain is a claim.
//! - That this process is late itself is not noticed (`soe503::own_time` takes the word of whoever does): its timeouts count against backends.
//! - Hooks for Pingora's custom protocols are not passed on to the proxy inside.
//!
//! `ServerConf::max_retries` has to be larger than the number of attempts (it is: 16); Pingora's loop ends the request otherwise.
//!
//! # Building it
//!
//! Pingora 0.9.1 needs cmake (`zlib-ng`). This crate is a workspace of its own, with its own `Cargo.lock`, so that nothing else
//! here does. TLS to backends is whatever feature of `pingora` your program turns on; with the feature `rustls` of this crate the reasons
//! of failed handshakes are told apart, otherwise they are `tls_untrusted` (Pingora's
//! `InvalidCert`) and `invalid_response`.

mod answer;
pub mod facts;
mod framing;
mod knock;
mod line;
mod memory;
mod on_backend;
mod plain;
mod proxy;
mod request_body;
mod stack;
mod surroundings;
#[cfg(feature = "rustls")]
mod tls_facts;
mod trip;
mod upstream;
mod upstream_body;
mod visit;

pub use plain::Plain;
pub use proxy::ResilientProxy;
pub use request_body::RequestBody;
pub use stack::{Balanced, Config, InvalidConfig, Standard};
pub use upstream::Upstream;
pub use upstream_body::UpstreamBody;
pub use visit::{Stack, Visit};
