//! Answers that are not a success.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use soe503_api::Problem;

/// RFC 6750 §3. Certificates have no challenge of their own, and a 401 has one (RFC 9110 §15.5.2).
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"soe503 admin\"");

/// A problem as an answer.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) Problem);

/// The problem that a path names a `what` (such as `pool`) called `typed`, and there are only `known`.
pub(super) fn unknown<'a>(
    what: &str,
    typed: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Refusal {
    let mut detail = format!("There is no {what} called {typed:?}.");
    if let Some(meant) = nearest(typed, known.clone()) {
        detail += &format!(" Did you mean {meant:?}?");
    }
    Refusal(Problem::new(404, format!("Unknown {what}"), detail).with_valid(known))
}

/// The problem that a request is not what its description says.
pub(super) fn bad_request(detail: &str) -> Refusal {
    Refusal(Problem::new(400, "Not a valid request", detail))
}

/// The problem that a request is what its description says, and that what it asks for cannot be: a moment in the past, for
/// example.
pub(super) fn impossible(detail: &str) -> Refusal {
    Refusal(Problem::new(422, "That cannot be done", detail))
}

/// The problem that `what` could not be made.
pub(super) fn unmade(what: &str) -> Refusal {
    let detail = format!("The {what} could not be made; the log of this process says why.");
    Refusal(Problem::new(500, "Something went wrong here", detail))
}

/// The one of `known` that `typed` was probably meant to be.
fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // What is much longer than any name is no slip of the finger, and costs time squared.
    if typed.len() > 256 {
        return None;
    }
    known
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Takes the challenge out at which a browser asks a person for a password.
pub(super) fn without_password(headers: &mut HeaderMap) {
    if headers.contains_key(header::WWW_AUTHENTICATE) {
        headers.insert(header::WWW_AUTHENTICATE, BEARER);
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Problem::CONTENT_TYPE),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, BEARER);
            // RFC 7617: what has a browser ask.
            let challenge = HeaderValue::from_static(
                "Basic realm=\"soe503 admin: any name, the token as password\", charset=\"UTF-8\"",
            );
            headers.append(header::WWW_AUTHENTICATE, challenge);
        }
        // For who shows it to a person.
        response.extensions_mut().insert(self.0);
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}
