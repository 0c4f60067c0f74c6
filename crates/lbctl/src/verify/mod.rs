//! `lbctl verify ID`: the request that had failed, asked again, and whether it is cured.
//!
//! What failed is known from its record, which keeps neither query nor headers nor body: what is asked again is the
//! method, the path and the host, through the proxy, without credentials. What was seen ([`crate::confirm`]), what it
//! means ([`judge`], a pure function) and how it is told ([`told`]) are kept apart. A request that belongs to an
//! incident leaves a line in its timeline. Where no request failed, the proxy's own look at the condition is told.

mod args;
mod condition;
mod judge;
mod subject;
#[cfg(test)]
mod tests;
mod told;

use soe503_api::{FailureRecord, Incident, VerificationRequest, client::Client};

pub(crate) use args::VerifyArgs;

use self::judge::{Judged, Kind};
use self::subject::{Found, Subject};
use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock, confirm,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// What was asked and what came of it.
struct Outcome<'a> {
    record: &'a FailureRecord,
    incident: Option<&'a str>,
    seen: confirm::observation::Observation,
    judged: Judged,
    /// How often it was asked.
    times: u32,
    noted: Noted,
}

/// Whether the incident's timeline has it.
enum Noted {
    /// It has.
    Yes,
    /// There is no incident, or nobody answered.
    Nothing,
    /// It has not, and why.
    No(String),
}

/// Asks again, judges, notes, tells. Exit code 0 if it is cured, otherwise 1.
pub(crate) async fn run(admin: &AdminArgs, args: &VerifyArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let Subject { record, incident } = match subject::find(&client, args).await? {
        Found::Request(subject) => *subject,
        Found::Condition(incident) => return tell_condition(&incident, args),
    };
    let target = args.target(&client, &record).await?;
    let method = args.method(&record)?;
    // Once more for luck would be once more for what it does.
    let most = if method.is_safe() { args.times() } else { 1 };
    let (mut seen, mut judged, mut times) = asked(&target, &method, args, &record).await;
    while times < most && judged.kind == Kind::Cured {
        (seen, judged, _) = asked(&target, &method, args, &record).await;
        times += 1;
    }
    let noted = match &incident {
        Some(id) => note(&client, id, &record, &judged, args).await?,
        None => Noted::Nothing,
    };
    let outcome = Outcome {
        record: &record,
        incident: incident.as_deref(),
        seen,
        judged,
        times,
        noted,
    };
    match args.output {
        Output::Json => print_exactly(&told::json(&outcome))?,
        Output::Text => print(&told::text(&outcome, clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::healthy(outcome.judged.kind == Kind::Cured))
}

fn tell_condition(incident: &Incident, args: &VerifyArgs) -> Result<Exit, Failure> {
    let now = clock::wall();
    match args.output {
        Output::Json => print_exactly(&condition::json(incident, now))?,
        Output::Text => print(&condition::text(incident, now, Canvas::stdout()))?,
    }
    Ok(Exit::healthy(condition::judge(incident) == Kind::Cured))
}

async fn asked(
    target: &confirm::Target,
    method: &http::Method,
    args: &VerifyArgs,
    record: &FailureRecord,
) -> (confirm::observation::Observation, Judged, u32) {
    let seen = confirm::observe(target, method.clone(), args.limits()).await;
    let judged = judge::judge(record, &seen);
    (seen, judged, 1)
}

async fn note(
    client: &Client,
    incident: &str,
    record: &FailureRecord,
    judged: &Judged,
    args: &VerifyArgs,
) -> Result<Noted, Failure> {
    let Some(verdict) = judged.kind.verdict() else {
        return Ok(Noted::Nothing);
    };
    let request = VerificationRequest {
        request_id: record.request_id.clone(),
        verdict,
        what: judged.what.clone(),
        by: args.by.clone(),
    };
    match client.verified(incident, &request).await {
        Ok(_) => Ok(Noted::Yes),
        // It is over for the process that is asked; the verdict is worth as much.
        Err(error) if error.reached() => Ok(Noted::No(error.to_string())),
        Err(error) => Err(admin::explain(client, error)),
    }
}
