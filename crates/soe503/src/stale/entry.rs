//! One answer that is kept.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use http_cache_semantics::{
    AfterResponse, BeforeRequest, CacheOptions, CachePolicy, RequestLike, ResponseLike,
};
use soe503_core::Tick;

use super::cache::StaleConfig;
use super::directives::{Directives, limits_age};
use crate::clock;

/// A client's own conditions, and what depends on them.
const CONDITIONS: [HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];
/// Fields of a 304 that say nothing about the answer that is kept (RFC 9111 §3.2).
const OF_THE_BODY: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::TRANSFER_ENCODING,
    header::SET_COOKIE,
];
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What an entry takes beside its body and its fields: the policy's copies and the tables.
const AROUND: usize = 512;
/// `Age` of RFC 9111 §1.2.2: no more than this has to be understood.
const MOST_SECONDS: u64 = (1 << 31) - 1;

/// An answer with the rules it is under.
pub(super) struct Entry {
    policy: CachePolicy,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    pub(super) kept_at: Tick,
    /// `kept_at` on the calendar.
    kept_at_time: SystemTime,
    /// How long it stays fresh from then on, and how long it may be stale after that.
    fresh_for: Duration,
    stale_for: Duration,
    /// For how long after that it is given while somebody asks again. `None`: it is given instead of failures
    /// only.
    again_for: Option<Duration>,
    /// Somebody asks again.
    pub(super) asking: AtomicBool,
}

/// How an entry may be given to somebody who could have asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is fresh.
    Fresh,
    /// It is not any more, and somebody has to ask again.
    Stale,
}

impl Entry {
    /// The entry, without its body, for an answer to `request`; `None` if it may not be kept or would never
    /// be given.
    pub(super) fn new(
        request: &Parts,
        status: StatusCode,
        headers: &HeaderMap,
        config: &StaleConfig,
        now: Tick,
    ) -> Option<Self> {
        // A part is no answer, nor is a word about one; and a failure is what this is against.
        let no_answer = [StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED];
        if no_answer.contains(&status) || status.is_server_error() {
            return None;
        }
        let says = Directives::of(headers);
        let personal = headers.contains_key(header::SET_COOKIE)
            || request.headers.contains_key(header::COOKIE);
        if says.no_cache || (personal && !says.public) {
            return None;
        }
        let kept_at_time = calendar();
        let answer = Answer(status, headers);
        let options = CacheOptions::default();
        let policy = CachePolicy::new_options(&Asked(request), &answer, kept_at_time, options);
        if !policy.is_storable() {
            return None;
        }
        let fresh_for = policy.time_to_live(kept_at_time);
        let stale_for = match says.never_stale {
            true => Duration::ZERO,
            false => says.stale_if_error.unwrap_or(config.stale_if_error),
        };
        let again_for = says.while_revalidate.filter(|_| config.revalidate);
        let again_for = again_for.map(|time| match says.never_stale {
            true => Duration::ZERO,
            false => time,
        });
        if fresh_for.is_zero() && stale_for.is_zero() && again_for.is_none_or(|t| t.is_zero()) {
            return None;
        }
        Some(Self {
            policy,
            status,
            headers: headers.clone(),
            body: Bytes::new(),
            kept_at: now,
            kept_at_time,
            fresh_for,
            stale_for,
            again_for,
            asking: AtomicBool::new(false),
        })
    }

    pub(super) fn with_body(mut self, body: Vec<u8>) -> Self {
        self.body = body.into();
        self
    }

    /// About what it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let field = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
        // The policy has the fields once more.
        let fields: usize = self.headers.iter().map(field).sum();
        self.body.len() + 2 * fields + AROUND
    }

    /// Whether it is an answer to `request` too (`Vary`).
    pub(super) fn fits(&self, request: &Parts) -> bool {
        match self
            .policy
            .before_request(&Asked(request), self.kept_at_time)
        {
            BeforeRequest::Fresh(_) => true,
            BeforeRequest::Stale { matches, .. } => matches,
        }
    }

    /// Whether it may be given to `request` without asking first; `None`: it may not.
    pub(super) fn usable(&self, request: &Parts, now: Tick) -> Option<Use> {
        let again_for = self.again_for?;
        let kept_for = now.since(self.kept_at);
        if kept_for < self.fresh_for {
            let time = self.kept_at_time + kept_for;
            let asked = self.policy.before_request(&Asked(request), time);
            return matches!(asked, BeforeRequest::Fresh(_)).then_some(Use::Fresh);
        }
        let oldest = self.fresh_for.saturating_add(again_for);
        let usable = kept_for < oldest && !limits_age(&request.headers) && self.fits(request);
        usable.then_some(Use::Stale)
    }

    /// The fields of a request that asks whether it still holds (RFC 9110 §13), in the place of the client's own
    /// conditions.
    pub(super) fn conditions(&self, headers: &mut HeaderMap) {
        for name in CONDITIONS {
            headers.remove(name);
        }
        for (validator, condition) in [
            (header::ETAG, header::IF_NONE_MATCH),
            (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE),
        ] {
            if let Some(value) = self.headers.get(validator) {
                headers.insert(condition, value.clone());
            }
        }
    }

    /// The same answer after `confirmed`, the fields of a 304 to `request`; `None` if that is about another one,
    /// or it may not be kept any more (RFC 9111 §4.3.4).
    pub(super) fn renewed(
        &self,
        request: &Parts,
        confirmed: &HeaderMap,
        config: &StaleConfig,
        now: Tick,
    ) -> Option<Self> {
        let answer = Answer(StatusCode::NOT_MODIFIED, confirmed);
        let same = self
            .policy
            .after_response(&Asked(request), &answer, calendar());
        if !matches!(same, AfterResponse::NotModified(..)) {
            return None;
        }
        let mut headers = self.headers.clone();
        // What is not said again was about the time of the first answer.
        headers.remove(header::AGE);
        headers.remove(header::DATE);
        for name in confirmed.keys().filter(|name| !OF_THE_BODY.contains(name)) {
            headers.remove(name);
            for value in confirmed.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        let renewed = Self::new(request, self.status, &headers, config, now)?;
        Some(Self {
            body: self.body.clone(),
            ..renewed
        })
    }

    /// The answer to `request`, `now`; `None` if it is too old, or another request's. `name` is who says so,
    /// and `head` asks for no body.
    pub(super) fn answer(
        &self,
        request: &Parts,
        name: &str,
        now: Tick,
        head: bool,
    ) -> Option<Response<Bytes>> {
        let oldest = self.fresh_for.saturating_add(self.stale_for);
        if now.since(self.kept_at) > oldest || !self.fits(request) {
            return None;
        }
        Some(self.given(name, now, head))
    }

    /// The answer as it is given, whatever its age.
    pub(super) fn given(&self, name: &str, now: Tick, head: bool) -> Response<Bytes> {
        let kept_for = now.since(self.kept_at);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.clone_from(&self.headers);
        let age = self.policy.age(self.kept_at_time).saturating_add(kept_for);
        headers.insert(header::AGE, age.as_secs().min(MOST_SECONDS).into());
        if let Some(value) = cache_status(name, self.fresh_for, kept_for) {
            headers.insert(CACHE_STATUS, value);
        }
        if head {
            headers.insert(header::CONTENT_LENGTH, self.body.len().into());
        } else {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = self.body.clone();
        }
        response
    }
}

/// `NAME; hit; ttl=SECONDS` (RFC 9211).
fn cache_status(name: &str, fresh_for: Duration, kept_for: Duration) -> Option<HeaderValue> {
    let seconds = |time: Duration| i64::try_from(time.as_secs().min(MOST_SECONDS)).unwrap_or(0);
    let ttl = seconds(fresh_for) - seconds(kept_for);
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    let name: String = name.chars().filter(|c| plain(*c) || *c == ' ').collect();
    HeaderValue::try_from(format!("\"{name}\"; hit; ttl={ttl}")).ok()
}

/// The time on the calendar, for `Date` and `Expires`.
fn calendar() -> SystemTime {
    let seconds = u64::try_from(clock::unix_seconds()).unwrap_or(0);
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A request's head, as the semantics' crate wants it.
struct Asked<'a>(&'a Parts);

/// An answer's.
struct Answer<'a>(StatusCode, &'a HeaderMap);

impl RequestLike for Asked<'_> {
    fn uri(&self) -> Uri {
        self.0.uri.clone()
    }

    fn is_same_uri(&self, other: &Uri) -> bool {
        self.0.uri == *other
    }

    /// `HEAD` is answered with what `GET` would be told.
    fn method(&self) -> &Method {
        &Method::GET
    }

    fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }
}

impl ResponseLike for Answer<'_> {
    fn status(&self) -> StatusCode {
        self.0
    }

    fn headers(&self) -> &HeaderMap {
        self.1
    }
}
