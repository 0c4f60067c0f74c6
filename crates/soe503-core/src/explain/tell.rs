//! One failure, one answer.

use std::borrow::Cow;

use super::build::{Room, build};
use super::names::Names;
use super::problem::Problem;
use super::{Exposure, Format, Telling, Told, grpc, headers, html, json, text, words};

/// The longest body, in bytes. A failure must not cost more than it would to answer.
pub const LONGEST_BODY: usize = 4096;

/// From everything to nearly nothing. The last fits whatever the input; a test says so.
const ROOMS: [Room; 5] = [
    Room {
        entries: 8,
        attempts: 8,
        sentence: 240,
        actions: true,
    },
    Room {
        entries: 4,
        attempts: 3,
        sentence: 160,
        actions: true,
    },
    Room {
        entries: 2,
        attempts: 2,
        sentence: 100,
        actions: true,
    },
    Room {
        entries: 1,
        attempts: 1,
        sentence: 80,
        actions: true,
    },
    Room {
        entries: 1,
        attempts: 0,
        sentence: 60,
        actions: false,
    },
];

/// The answer to a failed request: status, headers and a body of at most [`LONGEST_BODY`] bytes.
///
/// The body says as much as the exposure allows and as there is room for; what does not fit is
/// left out from the end of the lists, never in the middle of a document.
pub fn tell(telling: &Telling<'_>, format: Format) -> Told {
    told(telling, format).0
}

/// The same, and whether there was room for all of it.
pub(super) fn told(telling: &Telling<'_>, format: Format) -> (Told, bool) {
    let names = Names::new(telling);
    // It is told twice.
    let observed = first(telling, &names);
    let observed = observed.as_deref();
    let [first, rest @ ..] = ROOMS;
    let mut problem = build(telling, &names, first, observed);
    let mut body = render(&problem, format);
    let whole = body.len() <= LONGEST_BODY;
    for room in rest {
        if body.len() <= LONGEST_BODY {
            break;
        }
        problem = build(telling, &names, room, observed);
        body = render(&problem, format);
    }
    let mut headers = headers::headers(telling, &names, (problem.status, observed), format);
    let mut status = problem.status;
    if format == Format::Grpc {
        status = 200;
        let grpc = grpc::headers(telling, &problem);
        headers.extend(grpc.map(|(name, value)| (name, Cow::Owned(value))));
    }
    let told = Told {
        status,
        headers,
        content_type: content_type(format),
        body,
    };
    (told, whole)
}

/// What the headers alone say about a failure of which the client sees nothing: cause, what happened to
/// the request on its way, attempts.
pub fn tell_headers(telling: &Telling<'_>) -> Vec<(&'static str, Cow<'static, str>)> {
    let names = Names::new(telling);
    headers::telling(telling, &names, first(telling, &names).as_deref())
}

/// The most telling observation in a sentence, if the reader may know it.
fn first(telling: &Telling<'_>, names: &Names<'_>) -> Option<String> {
    let may = telling.exposure >= Exposure::Internal;
    let first = telling.diagnosis.evidence.first().filter(|_| may)?;
    Some(words::evidence(first, names))
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::ProblemJson => "application/problem+json",
        Format::Html => "text/html; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
        Format::Text => "text/plain; charset=utf-8",
        Format::Grpc => "application/grpc",
    }
}

fn render(problem: &Problem, format: Format) -> String {
    match format {
        Format::ProblemJson => json::to_json(problem),
        Format::Html => html::to_html(problem),
        Format::Markdown => text::to_markdown(problem),
        Format::Text => text::to_plain(problem),
        Format::Grpc => String::new(),
    }
}
