//! `lbctl change`: what was changed, so that it can be told from what broke by itself.

mod at;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use soe503_api::{Change, ChangeOrigin, ChangeReach, ChangeRequest, Timestamp, client::Client};

use self::at::At;
use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, Cell, Column, Grid, Row, age, print, print_exactly, style},
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
        Output::Text => print(&table(all, clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

/// The change as it was taken in, and what it is worth.
fn added(change: &Change, canvas: Canvas, now: Timestamp) -> String {
    let mut out = table(std::slice::from_ref(change), now, canvas);
    if change.reach == ChangeReach::Unknown {
        out += "nobody knows what it concerns, so it is never named as a cause: give --pool, or --everything\n";
    }
    out
}

/// The changes as a table.
pub(crate) fn table(all: &[Change], now: Timestamp, canvas: Canvas) -> String {
    if all.is_empty() {
        return "no changes are known\n".to_owned();
    }
    let grid = Grid {
        rows: all.iter().map(|one| row(one, now)).collect(),
        columns: vec![
            Column::left("ID"),
            Column::left("CHANGE"),
            Column::left("WHEN"),
            Column::left("CONCERNS"),
            Column::left("BY"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

fn row(one: &Change, now: Timestamp) -> Row {
    let concerns = match one.reach {
        ChangeReach::Everything => "everything".to_owned(),
        ChangeReach::Pools if one.pools.is_empty() => "no pool".to_owned(),
        ChangeReach::Pools => one.pools.join(", "),
        ChangeReach::Backends => {
            format!("{} of {}", one.backends.join(", "), one.pools.join(", "))
        }
        _ => "nobody knows".to_owned(),
    };
    let by = match (&one.by, one.origin) {
        (Some(by), _) => by,
        (None, ChangeOrigin::Reload) => "the configuration",
        (None, ChangeOrigin::Release) => "the backends",
        (None, _) => "-",
    };
    Row {
        mark: (" ", style::PLAIN),
        cells: vec![
            Cell::plain(&one.id),
            Cell::new(&one.title, style::STRONG),
            Cell::plain(format!("{} ago", age(now.since(one.at)))),
            Cell::plain(concerns),
            Cell::plain(by),
        ],
        note: (!one.notes.is_empty()).then(|| Cell::plain(one.notes.join("; "))),
    }
}
