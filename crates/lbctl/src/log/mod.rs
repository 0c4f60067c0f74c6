//! `lbctl log`: the event log, and which of its lines are written.

#[cfg(test)]
mod tests;
mod text;

use core::time::Duration;

use clap::{Args, Subcommand};
use soe503_api::{LogRequest, client::Client};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    pool::until::Until,
    show::{Canvas, print, print_exactly},
};

/// For how long levels are set if nobody says so.
const USUAL: Duration = Duration::from_secs(600);

/// See which lines of the proxy's log are written, and change that for a while.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    command: Option<LogCommand>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t, global = true)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Show the levels, or set them for a while
    Level(LevelArgs),
    /// Return to the levels of the configuration
    Reset(ResetArgs),
}

/// Which levels.
#[derive(Debug, Args)]
struct LevelArgs {
    /// A level (off, error, warn, info, debug, trace), and others for single modules: info,soe503_proxy::control::dns=debug
    #[arg(value_name = "LEVELS")]
    level: Option<String>,
    /// How long: a while (30m) or a time in UTC (2026-11-22T18:00:00Z), at most a day. Without it: ten minutes
    #[arg(
        long = "for",
        visible_alias = "until",
        value_name = "WHEN",
        requires = "level"
    )]
    until: Option<Until>,
    #[command(flatten)]
    why: WhyArgs,
}

/// Ending it.
#[derive(Debug, Args)]
struct ResetArgs {
    #[command(flatten)]
    why: WhyArgs,
}

#[derive(Debug, Args)]
struct WhyArgs {
    /// Why, for whoever looks next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who wants it so
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
}

/// Shows it, or changes it.
pub(crate) async fn run(admin: &AdminArgs, args: LogArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let request = match args.command {
        None | Some(LogCommand::Level(LevelArgs { level: None, .. })) => None,
        Some(LogCommand::Level(args)) => {
            let until = args.until.unwrap_or(Until::In(USUAL));
            Some(LogRequest {
                level: args.level,
                until: Some(until.resolve(clock::wall())?),
                reason: args.why.reason,
                by: args.why.by,
            })
        }
        Some(LogCommand::Reset(ResetArgs { why })) => Some(LogRequest {
            reason: why.reason,
            by: why.by,
            ..LogRequest::default()
        }),
    };
    tell(&client, request.as_ref(), args.output).await
}

async fn tell(
    client: &Client,
    request: Option<&LogRequest>,
    output: Output,
) -> Result<Exit, Failure> {
    let reply = match request {
        Some(request) => client.set_log(request).await,
        None => client.log().await,
    };
    let reply = reply.map_err(|e| admin::explain(client, e))?;
    match output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&text::shown(&reply.value, clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}
