//! Who did what through the admin API: one line of the log for each act, and for each that was refused.
//!
//! The line is written by what is around all handlers, when the answer is there, so that no act is without one; handlers
//! note what only they know. Its target is `audit`, its level `info`:
//!
//! | field | what |
//! | --- | --- |
//! | `role` | `operator`; of a refused act `reader`, or nothing where nobody knows; `source` where a signature stands for a token, and a refusal's `status` says that it did not |
//! | `via` | `api`, or `dashboard` |
//! | `peer` | the other end of the connection |
//! | `certificate` | what the holder of the certificate that was shown is called: proven, unlike `name` |
//! | `name` | what they call themselves, where a browser or the request's `by` says so; nobody has looked whether it is true |
//! | `action`, `pool`, `backend`, `subject` | what: see [`Thing`] |
//! | `request` | method and path, where that says more than a word |
//! | `reason` | why, as it was given |
//! | `status` | what was answered; of the dashboard what the API would have |
//! | `refused`, `suppressed` | why it was turned away, and how many lines like this one were not written before it |
//!
//! What comes from elsewhere stands in quotation marks and is cut off; queries, fields and tokens are not in it. Refusals
//! cost whoever is refused nothing, so no more than [`BURST`] of them are written at once, and then one a second.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use soe503_core::Tick;
use soe503_core::rate::{Quota, RateConfig, RateLimit};

use super::denied::Denied;
use crate::config::AdminRole;

/// Refusals that are written at once.
const BURST: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// The longest text that is repeated, in characters.
const LONGEST: usize = 500;
/// The status of an act whose asker left before it was answered: whether it was done, nobody told them.
const LEFT: u16 = 499;

/// Who asks. An extension of each request that is let in.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// What they may do.
    pub(super) role: AdminRole,
    /// The other end of their connection.
    pub(super) peer: SocketAddr,
    /// What the holder of their certificate is called, if they have shown one.
    pub(super) certificate: Option<Arc<str>>,
    /// What they call themselves, if a browser asked.
    pub(super) name: Option<String>,
}

/// What an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing<'a> {
    /// A backend, with its pool.
    Backend(&'a str, &'a str),
    /// A pool: its circuit, its cache.
    Pool(&'a str),
    /// `subject`: the pool or route under maintenance, the id of an incident or of a change.
    Other(&'a str),
    /// The process.
    Process,
}

/// What is known of an act while it is done. An extension of each request that acts.
#[derive(Clone, Debug, Default)]
pub(super) struct Deed(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    by: Option<String>,
    action: Option<String>,
    pool: Option<String>,
    backend: Option<String>,
    subject: Option<String>,
    reason: Option<String>,
    status: Option<u16>,
}

/// Writes the lines.
#[derive(Debug)]
pub(super) struct Audit {
    refusals: RateLimit,
    suppressed: AtomicU64,
}

/// An act whose line is written when it has ended, or when its asker has left.
pub(super) struct Pending<'a> {
    audit: &'a Audit,
    who: Who,
    request: String,
    via: &'static str,
    deed: Deed,
    status: u16,
}

// === impl Deed ===

impl Deed {
    /// It is `action`, done to `thing`.
    pub(super) fn is(&self, action: &str, thing: Thing<'_>) {
        let mut noted = self.noted();
        noted.action = Some(short(action));
        match thing {
            Thing::Backend(pool, backend) => {
                noted.pool = Some(short(pool));
                noted.backend = Some(short(backend));
            }
            Thing::Pool(pool) => noted.pool = Some(short(pool)),
            Thing::Other(subject) => noted.subject = Some(short(subject)),
            Thing::Process => {}
        }
    }

    /// Somebody says why.
    pub(super) fn because(&self, reason: Option<&str>) {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        self.noted().reason = reason.map(short);
    }

    /// Somebody says who they are.
    pub(super) fn by(&self, name: Option<&str>) {
        self.noted().by = name.map(short);
    }

    /// What came of it, where the status of the answer does not say it.
    pub(super) fn came_to(&self, status: u16) {
        self.noted().status = Some(status);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Audit ===

impl Audit {
    pub(super) fn new() -> Self {
        let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(1)).with_burst(BURST);
        Self {
            refusals: RateLimit::new("audit", RateConfig::new(quota)),
            suppressed: AtomicU64::new(0),
        }
    }

    /// `who` begins to do `deed`.
    pub(super) fn begin(&self, who: Who, method: &Method, path: &str, deed: Deed) -> Pending<'_> {
        Pending {
            audit: self,
            who,
            request: short(&format!("{method} {path}")),
            via: via(path),
            deed,
            status: LEFT,
        }
    }

    /// An act was turned away.
    pub(super) fn refused(
        &self,
        (method, path): (&Method, &str),
        peer: SocketAddr,
        certificate: Option<&str>,
        why: Denied,
    ) {
        let Some(suppressed) = self.turn(soe503::clock::now()) else {
            return;
        };
        let role = (why == Denied::ReadOnly).then_some(AdminRole::Reader.word());
        let (request, via) = (short(&format!("{method} {path}")), via(path));
        let (status, refused) = (why.problem().status, why.counted().word());
        let certificate = certificate.map(short);
        let certificate = certificate.as_deref();
        tracing::info!(
            target: "audit",
            role, via, %peer, certificate, request, status, refused, suppressed,
            "audit"
        );
    }

    /// Whether a refusal may be written `now`: how many have not been since the last one that was.
    fn turn(&self, now: Tick) -> Option<Option<u64>> {
        if self.refusals.take(self.refusals.key(()), now).is_err() {
            self.suppressed.fetch_add(1, Relaxed);
            return None;
        }
        let suppressed = self.suppressed.swap(0, Relaxed);
        Some((suppressed > 0).then_some(suppressed))
    }
}

// === impl Pending ===

impl Pending<'_> {
    /// It was answered.
    pub(super) fn answered(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let noted = self.deed.noted();
        let status = noted.status.unwrap_or(self.status);
        let refused = matches!(status, 401 | 403);
        // Who has shown no token yet costs no more lines than who is turned away, whatever is wrong.
        let anybody = self.who.role == AdminRole::Source && status >= 400;
        let suppressed = if refused || anybody {
            let Some(suppressed) = self.audit.turn(soe503::clock::now()) else {
                return;
            };
            suppressed
        } else {
            None
        };
        let Who {
            role,
            peer,
            certificate,
            name,
        } = &self.who;
        let certificate = certificate.as_deref().map(short);
        let certificate = certificate.as_deref();
        let name = name.as_deref().or(noted.by.as_deref());
        let (role, via) = (role.word(), self.via);
        let request = noted.action.is_none().then_some(&*self.request);
        let (action, pool) = (noted.action.as_deref(), noted.pool.as_deref());
        let (backend, subject) = (noted.backend.as_deref(), noted.subject.as_deref());
        let reason = noted.reason.as_deref();
        tracing::info!(
            target: "audit",
            role, via, %peer, certificate, name, action, pool, backend, subject, request, reason, status, suppressed,
            "audit"
        );
    }
}

fn via(path: &str) -> &'static str {
    match path {
        "/act" => "dashboard",
        _ => "api",
    }
}

/// No more of it than can be read.
fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
