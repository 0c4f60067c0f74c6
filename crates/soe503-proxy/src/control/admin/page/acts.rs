//! The pages of acts: the question, and what came of it.
//!
//! A button of the page leads to a question (`GET /act`), its form is posted (`POST /act`), and the answer sends the
//! browser on to what came of it (`GET /done/…`), so that loading that again does nothing again. With scripts the same
//! pages are shown in a dialog.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Extension, Form, Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::super::audit::{Deed, Who};
use super::act::{Act, Details};
use super::html::html;
use super::layout::{self, Seen, Tab};
use super::routes::{Page, document};
use super::token::BadToken;
use crate::config::AdminRole;
use crate::control::clock::unix_now;

/// Results that are remembered.
const RESULTS: usize = 64;

/// What came of the latest acts.
#[derive(Debug, Default)]
pub(super) struct Results(Mutex<VecDeque<(String, Arc<Outcome>)>>);

/// What came of an act.
#[derive(Clone, Debug)]
struct Outcome {
    title: String,
    text: String,
    well: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    path: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Filled {
    #[serde(default)]
    path: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    minutes: String,
}

/// `GET /act?path=…`: the question.
pub(super) async fn ask(State(page): State<Page>, Query(wanted): Query<Wanted>) -> Response {
    match Act::from_path(&wanted.path) {
        Some(act) => question(&page, &wanted.path, &act, &Details::default(), None),
        None => no_act(&page),
    }
}

/// `POST /act`: does it.
pub(super) async fn perform(
    State(page): State<Page>,
    Extension(who): Extension<Who>,
    Extension(deed): Extension<Deed>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    let Some(act) = Act::from_path(&filled.path) else {
        return no_act(&page);
    };
    act.note(&deed);
    deed.because(Some(&filled.reason));
    // Whether it is ours was looked at before; that it says nothing is all right for programs, and they use the API.
    if !headers.contains_key(header::ORIGIN) && !headers.contains_key("sec-fetch-site") {
        return refused(
            &page,
            "The request does not say which page it comes from. Programs use the admin API.",
        );
    }
    let details = match filled.minutes.trim() {
        "" => Ok(None),
        minutes => minutes.parse().map(Some),
    };
    let details = details.map(|minutes| Details {
        reason: filled.reason.clone(),
        minutes,
        // Who has shown a certificate is called by it, whatever they say.
        name: who.certificate.map(|name| name.to_string()).or(who.name),
    });
    let Ok(details) = details else {
        let kept = Details {
            reason: filled.reason,
            ..Details::default()
        };
        return question(
            &page,
            &filled.path,
            &act,
            &kept,
            Some("The number of minutes is not a whole number."),
        );
    };
    match page
        .tokens
        .check(&filled.token, &filled.path, unix_now().as_secs())
    {
        Ok(()) => {}
        Err(BadToken::Old) => {
            return question(
                &page,
                &filled.path,
                &act,
                &details,
                Some(
                    "This form has been open for more than ten minutes. Please look at it again and send it once more.",
                ),
            );
        }
        Err(BadToken::Foreign) => {
            return refused(
                &page,
                "The form is not one of this process: it was restarted since, or another site made it. Nothing was changed.",
            );
        }
    }
    let words = act.words();
    let outcome = match act.perform(&page.shared, &details).await {
        Ok(()) => {
            deed.came_to(200);
            Outcome {
                title: words.title,
                text: words.done,
                well: true,
            }
        }
        Err(refusal) => {
            deed.came_to(refusal.0.status);
            Outcome {
                title: format!("{}: not done", words.title),
                text: refusal.0.detail,
                well: false,
            }
        }
    };
    let id = page.results.keep(outcome);
    let location = HeaderValue::try_from(format!("/done/{id}"));
    match location {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /done/{id}`: what came of it.
pub(super) async fn done(
    State(page): State<Page>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
) -> Response {
    let seen = page.seen_by(who.role);
    match page.results.find(&id) {
        Some(outcome) => {
            let status = if outcome.well {
                StatusCode::OK
            } else {
                StatusCode::CONFLICT
            };
            message(seen, status, &outcome)
        }
        None => message(
            seen,
            StatusCode::NOT_FOUND,
            &Outcome {
                title: "Not known any more".into(),
                text:
                    "What came of that act is not remembered. The overview shows how everything is."
                        .into(),
                well: false,
            },
        ),
    }
}

fn question(
    page: &Page,
    path: &str,
    act: &Act,
    details: &Details,
    trouble: Option<&str>,
) -> Response {
    let (words, asks) = (act.words(), act.asks());
    let token = page.tokens.make(path, unix_now().as_secs());
    let mut out = layout::begin(
        page.seen_by(AdminRole::Operator),
        &words.title,
        Tab::None,
        None,
    );
    html!(
        out,
        "<section class=\"card dialog\"><h1 id=\"question\">",
        (words.title),
        "?</h1><p>",
        (words.effect),
        "</p>"
    );
    if let Some(trouble) = trouble {
        html!(
            out,
            "<p class=\"trouble\" role=\"alert\">",
            (trouble),
            "</p>"
        );
    }
    html!(
        out,
        "<form method=\"post\" action=\"/act\"><input type=\"hidden\" name=\"path\" value=\"",
        (path),
        "\"><input type=\"hidden\" name=\"token\" value=\"",
        (token),
        "\">"
    );
    if asks.reason {
        html!(
            out,
            "<label>Reason<input name=\"reason\" maxlength=\"400\" value=\"",
            (details.reason),
            "\" autocomplete=\"off\"></label><p class=\"hint\">",
            (if asks.public {
                "Clients read it."
            } else {
                "For whoever looks next."
            }),
            "</p>"
        );
    }
    if asks.end {
        html!(
            out,
            "<label>For how many minutes<input name=\"minutes\" type=\"number\" inputmode=\"numeric\" min=\"1\" max=\"10080\" placeholder=\"until somebody ends it\"></label>"
        );
    }
    html!(
        out,
        "<p class=\"acts\"><button class=\"main\">",
        (words.button),
        "</button> <a class=\"button\" href=\"/\" data-close>Cancel</a></p></form></section>"
    );
    out.add(&layout::end());
    let status = if trouble.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    document(status, out)
}

fn message(seen: Seen<'_>, status: StatusCode, outcome: &Outcome) -> Response {
    let mut out = layout::begin(seen, &outcome.title, Tab::None, None);
    let (class, mark) = if outcome.well {
        ("good", "✓")
    } else {
        ("bad", "✕")
    };
    html!(
        out,
        "<section class=\"card dialog\"><h1 id=\"question\"><span class=\"mark ",
        (class),
        "\" aria-hidden=\"true\">",
        (mark),
        "</span> ",
        (outcome.title),
        "</h1><p class=\"result\">",
        (outcome.text),
        "</p><p class=\"acts\"><a class=\"button main\" href=\"/\" data-close>Back to the overview</a></p></section>"
    );
    out.add(&layout::end());
    document(status, out)
}

fn refused(page: &Page, why: &str) -> Response {
    message(
        page.seen_by(AdminRole::Operator),
        StatusCode::FORBIDDEN,
        &Outcome {
            title: "Not done".into(),
            text: why.into(),
            well: false,
        },
    )
}

fn no_act(page: &Page) -> Response {
    message(
        page.seen_by(AdminRole::Operator),
        StatusCode::NOT_FOUND,
        &Outcome {
            title: "No such act".into(),
            text: "Nothing can be done by that name from here.".into(),
            well: false,
        },
    )
}

// === impl Results ===

impl Results {
    fn keep(&self, outcome: Outcome) -> String {
        let id = format!("{:016x}", fastrand::u64(..));
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if results.len() >= RESULTS {
            results.pop_front();
        }
        results.push_back((id.clone(), Arc::new(outcome)));
        id
    }

    fn find(&self, id: &str) -> Option<Arc<Outcome>> {
        let results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = results.iter().find(|(known, _)| known == id);
        found.map(|(_, outcome)| Arc::clone(outcome))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_results_are_remembered_and_no_more() {
        let results = Results::default();
        let keep = |number: usize| {
            results.keep(Outcome {
                title: number.to_string(),
                text: String::new(),
                well: true,
            })
        };
        let ids: Vec<String> = (0..=RESULTS).map(keep).collect();
        assert!(results.find(&ids[0]).is_none());
        for (number, id) in ids.iter().enumerate().skip(1) {
            assert_eq!(results.find(id).unwrap().title, number.to_string());
        }
    }
}
