//! `lbctl confirm URL`: is this a real 503, whose is it, and why.
//!
//! It asks as a client would, one explicit step after the other (resolve, connect, TLS, request),
//! because each step that fails is a different answer, and a library that does all of them at once
//! has one error for all of them. What was seen ([`observation`]) is kept apart from what it means
//! ([`verdict`], a pure function) and from how it is told ([`report`]).
//!
//! The request is `HEAD`, which costs the server least and carries every header that counts; where
//! `HEAD` is not allowed (405, 501) it is `GET`, whose body is not read.

mod advice;
pub(crate) mod observation;
mod options;
mod probe;
mod proxies;
mod report;
mod request;
mod resolve;
pub(crate) mod tags;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod verdict;
mod witness;

use http::Method;

pub(crate) use options::{ConfirmArgs, Limits};
pub(crate) use probe::observe;
pub(crate) use target::Target;

use crate::{
    cli::Output,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// Asks, judges, tells. Exit code 1 if it is a 503 or nobody answered with HTTP, otherwise 0: a
/// 404 or a 500 is not a 503.
pub(crate) async fn run(args: &ConfirmArgs) -> Result<Exit, Failure> {
    let target = args.target()?;
    let limits = args.limits();
    let method = args.method();
    let mut seen = probe::observe(&target, method.clone().unwrap_or(Method::HEAD), limits).await;
    if method.is_none() && seen.head_not_allowed() {
        seen = probe::observe(&target, Method::GET, limits).await;
        seen.head_refused = true;
    }
    let verdict = verdict::judge(&seen);
    match args.output {
        Output::Json => print_exactly(&report::json(&seen, &verdict))?,
        Output::Text => print(&report::text(&seen, &verdict, Canvas::stdout()))?,
    }
    Ok(Exit::healthy(verdict.kind.is_healthy()))
}
