//! Answers that take the place of ours: pages of the operator's own, and degraded answers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use soe503_core::explain::Format;
use soe503_core::{Category, Cause};

/// Says that an answer is not what was asked for, but better than a failure.
pub(super) static DEGRADED: HeaderName = HeaderName::from_static("x-soe-degraded");
static ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");

/// Which failures something is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// All of them.
    Any,
    /// Those of a category.
    Category(Category),
    /// Those with one cause.
    Cause(Cause),
}

/// A page of the operator's own, for people: it takes the place of ours, our headers stay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// What it is for.
    pub class: Class,
    /// The page, HTML in UTF-8.
    pub html: Bytes,
}

/// An answer that is given instead of a failure.
///
/// Only to `GET` and `HEAD`: whoever wants something done must know that it was not. And never for
/// `overload/rate_limited`, unless that is named: whoever sends too much must know that too.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fallback {
    /// Which failures it is given instead of.
    pub on: Vec<Class>,
    /// Its status.
    pub status: StatusCode,
    /// Its `Content-Type`.
    pub content_type: HeaderValue,
    /// Its body.
    pub body: Bytes,
}

// === impl Class ===

impl Class {
    /// Whether failures with this cause are among it.
    pub fn has(self, cause: Cause) -> bool {
        match self {
            Self::Any => true,
            Self::Category(category) => cause.category() == category,
            Self::Cause(one) => cause == one,
        }
    }

    /// The more exact one is asked first.
    const fn rank(self) -> u8 {
        match self {
            Self::Cause(_) => 0,
            Self::Category(_) => 1,
            Self::Any => 2,
        }
    }
}

// === impl Page ===

impl Page {
    /// `html` for failures of `class`.
    pub fn new(class: Class, html: impl Into<Bytes>) -> Self {
        let html = html.into();
        Self { class, html }
    }
}

/// Puts the page for `cause` in the place of ours, where a person asked.
pub(super) fn page(
    response: &mut Response<Bytes>,
    pages: &[Page],
    cause: Cause,
    format: Format,
    method: &Method,
) {
    if format != Format::Html {
        return;
    }
    let pages = pages.iter().filter(|page| page.class.has(cause));
    let Some(page) = pages.min_by_key(|page| page.class.rank()) else {
        return;
    };
    let headers = response.headers_mut();
    // Ours is for our page, which needs nothing from anywhere.
    headers.remove(header::CONTENT_SECURITY_POLICY);
    headers.remove(header::CONTENT_LANGUAGE);
    put(response, &page.html, method);
}

// === impl Fallback ===

impl Fallback {
    /// `body` with 200 instead of failures of the classes `on`.
    pub fn new(on: Vec<Class>, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self {
            on,
            status: StatusCode::OK,
            content_type,
            body: body.into(),
        }
    }

    /// Whether it is given instead of a failure with `cause` of a request with `method`.
    pub(super) fn is_for(&self, cause: Cause, format: Format, method: &Method) -> bool {
        let named = |class: &Class| match class {
            Class::Cause(one) => *one == cause,
            class => class.has(cause) && cause != Cause::OverloadRateLimited,
        };
        // A gRPC client could not read it.
        format != Format::Grpc
            && matches!(*method, Method::GET | Method::HEAD)
            && self.on.iter().any(named)
    }

    /// Makes `response`, our answer to a failure, the degraded one. What tells about the failure
    /// stays, but for what says that this is one.
    pub(super) fn give(&self, response: &mut Response<Bytes>, method: &Method) {
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for name in [
            &ERROR_CODE,
            &header::RETRY_AFTER,
            &header::CONTENT_LANGUAGE,
            &header::CONTENT_SECURITY_POLICY,
        ] {
            headers.remove(name);
        }
        headers.insert(DEGRADED.clone(), HeaderValue::from_static("static"));
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        put(response, &self.body, method);
    }
}

/// `body`, or its length alone in an answer to `HEAD`.
fn put(response: &mut Response<Bytes>, body: &Bytes, method: &Method) {
    if *method == Method::HEAD {
        let length = HeaderValue::from(body.len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    } else {
        *response.body_mut() = body.clone();
    }
}
