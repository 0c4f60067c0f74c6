//! `lbctl explain ID`: what happened to one failed request, or in an incident; `--replay FILE`: what a record of
//! one means, worked out again here.

pub(crate) mod incident;
mod replay;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod words;

use std::path::PathBuf;

use clap::Args;
use soe503_api::{
    FailureRecord, Incident,
    client::{Client, ClientError},
};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// Which request, or which incident.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A request (the header X-Request-Id of the answer), or an incident (`inc` in its Soe-Cause)
    #[arg(value_name = "ID", required_unless_present = "replay")]
    id: Option<String>,
    /// Diagnose a record again, from the file that `explain ID -o json` wrote (`-`: standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    replay: Option<PathBuf>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Fetches what there is under this id, and tells it.
pub(crate) async fn run(admin: &AdminArgs, args: &ExplainArgs) -> Result<Exit, Failure> {
    if let Some(file) = &args.replay {
        return replay::run(file, args.output);
    }
    let client = admin.client()?;
    let id = args.id.as_deref().unwrap_or_default().trim();
    match client.failure(id).await {
        Ok(reply) => match args.output {
            Output::Json => print_exactly(&reply.body)?,
            Output::Text => {
                let incident = belongs_to(&client, &reply.value).await;
                let (now, canvas) = (clock::wall(), Canvas::stdout());
                let incident = incident.as_ref();
                print(&text::record(&reply.value, incident, now, canvas))?;
            }
        },
        Err(error) if missing(&error) => tell_incident(&client, id, args.output).await?,
        Err(error) => return Err(admin::explain(&client, error)),
    }
    Ok(Exit::Fine)
}

async fn tell_incident(client: &Client, id: &str, output: Output) -> Result<(), Failure> {
    let reply = client.incident(id).await.map_err(|error| {
        let missing = missing(&error);
        let failure = admin::explain(client, error);
        if missing {
            failure
                .hint("no request is known by that id either: records are kept for failed requests only, the latest ones, by the proxy that answered")
                .hint("lbctl incidents lists the incidents")
        } else {
            failure
        }
    })?;
    match output {
        Output::Json => print_exactly(&reply.body),
        Output::Text => {
            let told = incident::incident(&reply.value, clock::wall(), Canvas::stdout());
            print(&told)
        }
    }
}

/// The incident of a failed request, if it belongs to one that is still known.
async fn belongs_to(client: &Client, record: &FailureRecord) -> Option<Incident> {
    let id = record.incident.as_deref()?;
    client.incident(id).await.ok().map(|reply| reply.value)
}

fn missing(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 404, .. })
}
