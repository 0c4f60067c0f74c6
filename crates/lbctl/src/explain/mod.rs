//! `lbctl explain REQUEST-ID`: what happened to one failed request; `--replay FILE`: what a record of one
//! means, worked out again here.

mod replay;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::path::PathBuf;

use clap::Args;
use soe503_api::client::ClientError;

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// Which request.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The request's id: the header X-Request-Id of the answer
    #[arg(value_name = "REQUEST-ID", required_unless_present = "replay")]
    id: Option<String>,
    /// Diagnose a record again, from the file that `explain ID -o json` wrote (`-`: standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    replay: Option<PathBuf>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Fetches the record and tells it.
pub(crate) async fn run(admin: &AdminArgs, args: &ExplainArgs) -> Result<Exit, Failure> {
    if let Some(file) = &args.replay {
        return replay::run(file, args.output);
    }
    let id = args.id.as_deref().unwrap_or_default();
    let client = admin.client()?;
    let reply = client.failure(id.trim()).await.map_err(|error| {
        let missing = matches!(error, ClientError::Refused { status: 404, .. });
        let failure = admin::explain(&client, error);
        if missing {
            failure.hint("records are kept for failed requests only, the latest ones, by the proxy that answered")
        } else {
            failure
        }
    })?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&text::record(&reply.value, clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}
