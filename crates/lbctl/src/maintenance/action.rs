//! `lbctl maintenance start|end POOL|ROUTE`.

use clap::Args;
use soe503_api::{MaintenanceAction, MaintenanceRequest, client::Client};

use super::list::table;
use crate::{
    admin,
    cli::Output,
    clock,
    exit::{Exit, Failure},
    pool::until::Until,
    show::{Canvas, print, print_exactly},
};

/// Beginning.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The pool, or the route as the access log calls it
    target: String,
    /// How long: a while (30m) or a time in UTC (2026-11-22T18:00:00Z). Without it: until it is ended
    #[arg(long = "for", visible_alias = "until", value_name = "WHEN")]
    until: Option<Until>,
    /// Why, for everybody to read
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where its progress is told, for everybody
    #[arg(long, value_name = "URL")]
    status_page: Option<String>,
    /// Who wants it so
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Ending.
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The pool, or the route as the access log calls it
    target: String,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Begins.
pub(super) async fn start(client: &Client, args: StartArgs) -> Result<Exit, Failure> {
    let until = args.until.map(|u| u.resolve(clock::wall())).transpose()?;
    let request = MaintenanceRequest {
        reason: args.reason,
        by: args.by,
        status_page: args.status_page,
        until,
    };
    let action = MaintenanceAction::Start;
    act(client, &args.target, action, &request, args.output).await
}

/// Ends.
pub(super) async fn end(client: &Client, args: EndArgs) -> Result<Exit, Failure> {
    let request = MaintenanceRequest::default();
    let action = MaintenanceAction::End;
    act(client, &args.target, action, &request, args.output).await
}

async fn act(
    client: &Client,
    target: &str,
    action: MaintenanceAction,
    request: &MaintenanceRequest,
    output: Output,
) -> Result<Exit, Failure> {
    let reply = client
        .maintenance_action(target, action, request)
        .await
        .map_err(|e| admin::explain(client, e))?;
    match output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => {
            let all = &reply.value.maintenance;
            print(&table(all, clock::wall(), Canvas::stdout()))?;
        }
    }
    Ok(Exit::Fine)
}
