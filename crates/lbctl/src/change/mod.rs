//! `lbctl change`: what was changed, so that it can be told from what broke by itself.

mod at;
#[cfg(test)]
mod tests;
mod view;

use clap::{Args, Subcommand};
use soe503_api::{Change, ChangeReach, ChangeRequest, Timestamp, client::Client};

use self::at::At;
pub(crate) use self::view::table;
use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// Report and see changes: deploys, reloads, flags.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(subcommand)]
    command: ChangeCommand,
}

#[derive(Debug, Subcommand)]
enum ChangeCommand {
    /// Report a change, from a pipeline or by hand
    #[command(disable_version_flag = true)]
    Add(AddArgs),
    /// What was changed lately
    List(ListArgs),
}

/// A change.
#[derive(Debug, Args)]
struct AddArgs {
    /// What was changed: deploy, rollback, config, flag, dns, certificate, network, scale, other
    #[arg(long)]
    kind: String,
    /// Of which service. A pool of that name is what it concerns
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// To which version
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The pool that it may concern; may be given several times
    #[arg(long = "pool", value_name = "POOL")]
    pools: Vec<String>,
    /// It may concern all pools
    #[arg(long, conflicts_with = "pools")]
    everything: bool,
    /// When: a time in UTC (2026-11-22T18:00:00Z), or how long ago (90s). Default: now
    #[arg(long, value_name = "WHEN")]
    at: Option<At>,
    /// Who did it
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
    /// More about it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// How to show them.
#[derive(Debug, Args)]
struct ListArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Runs one of them.
pub(crate) async fn run(admin: &AdminArgs, args: ChangeArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match args.command {
        ChangeCommand::Add(args) => add(&client, args).await,
        ChangeCommand::List(args) => list(&client, &args).await,
    }
}

async fn add(client: &Client, args: AddArgs) -> Result<Exit, Failure> {
    let now = clock::wall();
    let request = ChangeRequest {
        kind: args.kind,
        service: args.service,
        version: args.version,
        pools: args.pools,
        everything: args.everything,
        at: args.at.map(|at| at.resolve(now)),
        by: args.by,
        note: args.note,
    };
    let reply = client
        .add_change(&request)
        .await
        .map_err(|e| admin::explain(client, e))?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&added(&reply.value, Canvas::stdout(), now))?,
    }
    Ok(Exit::Fine)
}

async fn list(client: &Client, args: &ListArgs) -> Result<Exit, Failure> {
    let reply = client
        .changes()
        .await
        .map_err(|e| admin::explain(client, e))?;
    let all = &reply.value.changes;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(all, &[], clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

/// The change as it was taken in, and what it is worth.
fn added(change: &Change, canvas: Canvas, now: Timestamp) -> String {
    let mut out = table(std::slice::from_ref(change), &[], now, canvas);
    if change.reach == ChangeReach::Unknown {
        out += "nobody knows what it concerns, so it is never named as a cause: give --pool, or --everything\n";
    }
    out
}
