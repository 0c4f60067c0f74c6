//! Answers that this thread has told already, in case the next request gets the same but for its identifier.
//!
//! A flood of failures is when a proxy has the least time, and what it says then is nearly always the same
//! ([`Template`]). Each thread keeps the last few answers; those of the second before fit nobody and are written over.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use soe503_core::explain::{Format, Telling, Template, Told, tell};

use super::told::field;

/// A name and a value.
type Field = (&'static str, Cow<'static, str>);

/// Most answers that are kept: different only in when to come back, which is spread over some seconds.
const MOST: usize = 16;

/// Where no failure is like another, one in so many is kept all the same, in case that changes: keeping costs about as
/// much as telling.
const LONGEST_WAIT: u32 = 63;

thread_local! {
    static TOLD: RefCell<Repeats> = const { RefCell::new(Repeats::new()) };
}

#[derive(Debug)]
struct Repeats {
    kept: Vec<Kept>,
    /// Which is written over next.
    oldest: usize,
    /// So many that were new have gone by since one was kept.
    passed: u32,
    /// So many go by before the next one is kept: none after one that was met again, more and more while none is.
    wait: u32,
}

/// An answer with the fields that all have, ready to be sent.
#[derive(Debug)]
struct Kept {
    template: Template,
    headers: HeaderMap,
}

/// The answer to a request of `method` that failed as `telling` says.
pub(super) fn response(telling: &Telling<'_>, format: Format, method: &Method) -> Response<Bytes> {
    TOLD.with_borrow_mut(|told| told.response(telling, format, method))
        .unwrap_or_else(|| whole(tell(telling, format), format, method))
}

// === impl Repeats ===

impl Repeats {
    const fn new() -> Self {
        Self {
            kept: Vec::new(),
            oldest: 0,
            passed: 0,
            wait: 0,
        }
    }

    /// `None`: it is none that repeats.
    fn response(
        &mut self,
        telling: &Telling<'_>,
        format: Format,
        method: &Method,
    ) -> Option<Response<Bytes>> {
        let known = self
            .kept
            .iter()
            .position(|kept| kept.template.fits(telling, format));
        let at = match known {
            Some(at) => {
                (self.passed, self.wait) = (0, 0);
                at
            }
            None if self.passed < self.wait => {
                self.passed += 1;
                return None;
            }
            None => {
                (self.passed, self.wait) = (0, (2 * self.wait + 1).min(LONGEST_WAIT));
                self.keep(Kept::new(Template::of(telling, format)?))
            }
        };
        Some(self.kept[at].response(telling, method))
    }

    /// Keeps one more; where it is now.
    fn keep(&mut self, new: Kept) -> usize {
        if self.kept.len() < MOST {
            self.kept.push(new);
            return self.kept.len() - 1;
        }
        let at = self.oldest;
        self.kept[at] = new;
        self.oldest = (at + 1) % MOST;
        at
    }
}

// === impl Kept ===

impl Kept {
    fn new(template: Template) -> Self {
        // With those that each request has for itself: they stay in their places.
        let all = template.headers().iter().cloned();
        let headers = fields(all, template.content_type());
        Self { template, headers }
    }

    fn response(&self, telling: &Telling<'_>, method: &Method) -> Response<Bytes> {
        let template = &self.template;
        let mut headers = self.headers.clone();
        add(
            &mut headers,
            template
                .own(telling)
                .map(|(name, value)| (name, value.into())),
        );
        let body = template.body(telling);
        finished(
            template.status(),
            headers,
            body,
            Format::ProblemJson,
            method,
        )
    }
}

fn whole(told: Told, format: Format, method: &Method) -> Response<Bytes> {
    let headers = fields(told.headers.into_iter(), told.content_type);
    finished(told.status, headers, told.body, format, method)
}

fn fields(all: impl Iterator<Item = Field>, content_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(24);
    add(&mut headers, all);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers
}

fn add(headers: &mut HeaderMap, all: impl Iterator<Item = Field>) {
    for (name, value) in all {
        if let Some(value) = field(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

fn finished(
    status: u16,
    headers: HeaderMap,
    body: String,
    format: Format,
    method: &Method,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    // What is told has a known status and visible ASCII only.
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    *response.headers_mut() = headers;
    if *method == Method::HEAD {
        // RFC 9110 §9.3.2: the length that the answer to GET would have.
        if format != Format::Grpc {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, body.len().into());
        }
    } else {
        *response.body_mut() = Bytes::from(body);
    }
    response
}

#[cfg(test)]
#[path = "repeats_tests.rs"]
mod tests;
