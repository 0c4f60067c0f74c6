//! `lbctl report ID`: the skeleton of a post-mortem, in Markdown.

mod markdown;
#[cfg(test)]
mod tests;
mod text;

use clap::Args;
use soe503_api::{
    FailureRecord, Incident,
    client::{Client, ClientError},
};

use crate::{
    admin::{self, AdminArgs},
    exit::{Exit, Failure},
    show::print,
};

/// Which incident.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// An incident, or a request that failed in it
    #[arg(value_name = "ID")]
    id: String,
}

/// Fetches the incident and writes about it.
pub(crate) async fn run(admin: &AdminArgs, args: &ReportArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let incident = find(&client, args.id.trim()).await?;
    let exemplar = exemplar(&client, &incident).await;
    print(&text::report(&incident, exemplar.as_ref()))?;
    Ok(Exit::Fine)
}

/// The incident called `id`, or the one of the request called so.
async fn find(client: &Client, id: &str) -> Result<Incident, Failure> {
    let missing = |error: &ClientError| matches!(error, ClientError::Refused { status: 404, .. });
    match client.incident(id).await {
        Ok(reply) => return Ok(reply.value),
        Err(error) if missing(&error) => {}
        Err(error) => return Err(admin::explain(client, error)),
    }
    let record = client.failure(id).await.map_err(|error| {
        let unknown = missing(&error);
        let failure = admin::explain(client, error);
        match unknown {
            true => failure.hint("lbctl incidents lists what there is"),
            false => failure,
        }
    })?;
    let Some(incident) = record.value.incident else {
        return Err(Failure::usage(format!(
            "the request {id} failed by itself: it belongs to no incident"
        ))
        .hint(format!("lbctl explain {id}")));
    };
    let reply = client.incident(&incident).await;
    Ok(reply.map_err(|e| admin::explain(client, e))?.value)
}

/// Of its failed requests that are still kept, the one for which most was tried. A report does without.
async fn exemplar(client: &Client, incident: &Incident) -> Option<FailureRecord> {
    let mut best: Option<FailureRecord> = None;
    for id in &incident.exemplars {
        let Ok(reply) = client.failure(id).await else {
            continue;
        };
        let tried = reply.value.attempts.len();
        if best.as_ref().is_none_or(|best| tried > best.attempts.len()) {
            best = Some(reply.value);
        }
    }
    best
}
