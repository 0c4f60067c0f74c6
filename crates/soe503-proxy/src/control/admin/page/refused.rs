//! Refusals and errors as pages.
//!
//! Programs are told in problem documents. A browser that loads a page says that it takes HTML, and so does the script that shows one in a
//! dialog: they get the same in words, with the same status and the same fields. What lies under `/api/` is a document for everybody.
//!
//! Who is not let in gets a page that needs nothing else from here, as nothing else would be given to them, and each further request would
//! ask for the password again. It does not name the server.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use soe503_api::Problem;

use super::super::audit::Who;
use super::super::router::Shared;
use super::html::{Html, html};
use super::layout::{self, Seen, Tab};
use super::routes::{document, document_by};
use crate::config::AdminRole;

/// The style of the page for who is not let in.
const STYLE: &str = include_str!("refused.css");

/// What that page may load: nothing. Its style is known by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// How long a browser waits with a page that could not be made, in seconds.
const AGAIN: u64 = 15;

/// Whether what is at `path` is shown to a person, if it is refused.
pub(in super::super) fn is_for_people(path: &str, headers: &HeaderMap) -> bool {
    let mut takes = headers.get_all(header::ACCEPT).iter();
    !path.starts_with("/api/")
        && takes.any(|kinds| {
            kinds
                .to_str()
                .is_ok_and(|kinds| kinds.contains("text/html"))
        })
}

/// `refusal` as the page for somebody who is not let in.
pub(in super::super) fn at_the_door(refusal: &Response) -> Response {
    let told = told(refusal);
    let mut out = Html::default();
    html!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>",
        (told.title),
        " · soe503</title><style>"
    );
    out.raw(STYLE);
    html!(out, "</style></head><body><main>");
    out.add(&told.section());
    html!(out, "</main></body></html>");
    instead(refusal, document_by(told.status, out, POLICY.clone()))
}

/// Answers people in words, whatever does not answer them so itself.
pub(in super::super) async fn in_words(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let people = is_for_people(request.uri().path(), request.headers());
    let role = request.extensions().get().map(|who: &Who| who.role);
    let answer = next.run(request).await;
    let failed = answer.status().is_client_error() || answer.status().is_server_error();
    if !people || !failed || says_something(&answer) {
        return answer;
    }
    let mut told = told(&answer);
    if told.status.is_server_error() {
        told.text += &format!(" It is tried again every {AGAIN} s.");
    }
    let seen = Seen {
        server: &shared.proxy.server_name,
        by: role.unwrap_or(AdminRole::Reader),
    };
    let mut out = layout::begin(seen, &told.title, Tab::None, None);
    out.add(&told.section());
    out.add(&layout::end());
    let mut page = instead(&answer, document(told.status, out));
    if told.status.is_server_error() {
        page.headers_mut().insert("refresh", AGAIN.into());
    }
    page
}

/// A refusal in words.
struct Told {
    status: StatusCode,
    title: String,
    text: String,
}

fn told(answer: &Response) -> Told {
    let status = answer.status();
    let problem = answer.extensions().get::<Problem>();
    let (title, text) = problem.map_or_else(
        || {
            let title = status.canonical_reason().unwrap_or("Refused").to_owned();
            (
                title,
                format!("This was answered with {}.", status.as_u16()),
            )
        },
        |problem| (problem.title.clone(), problem.detail.clone()),
    );
    Told {
        status,
        title,
        text,
    }
}

/// A page, or the JSON of a verdict, is what was asked for.
fn says_something(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind == "application/json"
}

/// `page` with what else `answer` says: when to come again, what to show.
fn instead(answer: &Response, mut page: Response) -> Response {
    for (name, value) in answer.headers() {
        let of_the_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name);
        if !of_the_body {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}

impl Told {
    /// What the script shows in a dialog, too.
    fn section(&self) -> Html {
        let mut out = Html::default();
        html!(
            out,
            "<section class=\"card dialog\"><h1 id=\"question\"><span class=\"mark bad\" aria-hidden=\"true\">✕</span> ",
            (self.title),
            "</h1><p class=\"result\">"
        );
        // In a detail, as in Markdown, what is meant literally stands between backticks.
        for (at, part) in self.text.split('`').enumerate() {
            match at % 2 {
                0 => out.text(&part),
                _ => html!(out, "<code>", (part), "</code>"),
            }
        }
        html!(
            out,
            "</p><p class=\"acts\"><a class=\"button main\" href=\"/\" data-close>Back to the overview</a></p></section>"
        );
        out
    }
}
