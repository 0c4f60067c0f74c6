//! `lbctl pool`: what pools and backends do, and taking backends out and back.

mod action;
mod backends;
mod status;
#[cfg(test)]
mod tests;
pub(crate) mod until;
mod view;
mod watch;

use clap::{Args, Subcommand};
use soe503_api::BackendAction;

pub(crate) use backends::word as backend_word;
pub(crate) use view::{circuit_mark, circuit_why, circuit_word, found, mark, pools, word};

use crate::{
    admin::AdminArgs,
    exit::{Exit, Failure},
};

/// See pools and their backends; take backends out of rotation and back.
#[derive(Debug, Args)]
pub(crate) struct PoolArgs {
    #[command(subcommand)]
    command: PoolCommand,
}

#[derive(Debug, Subcommand)]
enum PoolCommand {
    /// What each pool and backend is doing, and why (exit code 1 if a pool is down)
    Status(status::StatusArgs),
    /// Let a backend finish what it has and send it no new requests
    Drain(action::OutArgs),
    /// Take a backend out of rotation at once
    Disable(action::OutArgs),
    /// Put a drained or disabled backend back into rotation
    Enable(action::EnableArgs),
}

/// Runs one of them.
pub(crate) async fn run(admin: &AdminArgs, args: PoolArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match args.command {
        PoolCommand::Status(args) => status::run(&client, &args).await,
        PoolCommand::Drain(args) => action::take_out(&client, BackendAction::Drain, args).await,
        PoolCommand::Disable(args) => action::take_out(&client, BackendAction::Disable, args).await,
        PoolCommand::Enable(args) => action::put_back(&client, args).await,
    }
}
