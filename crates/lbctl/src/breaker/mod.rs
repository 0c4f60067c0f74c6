//! `lbctl breaker`: the pools' circuit breakers.

mod action;
mod list;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use soe503_api::BreakerAction;

use crate::{
    admin::AdminArgs,
    exit::{Exit, Failure},
};

/// See and steer the pools' circuit breakers.
#[derive(Debug, Args)]
pub(crate) struct BreakerArgs {
    #[command(subcommand)]
    command: BreakerCommand,
}

#[derive(Debug, Subcommand)]
enum BreakerCommand {
    /// Where each circuit stands, and why (exit code 1 if one is open)
    List(list::ListArgs),
    /// Close a circuit, forget what it counted, and let it decide for itself again
    Reset(action::ActionArgs),
    /// Hold a circuit open: every request to the pool fails at once, until it is reset
    Open(action::ActionArgs),
    /// Hold a circuit closed: every request passes, whatever happens, until it is reset
    Close(action::ActionArgs),
}

/// Runs one of them.
pub(crate) async fn run(admin: &AdminArgs, args: BreakerArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match args.command {
        BreakerCommand::List(args) => list::run(&client, &args).await,
        BreakerCommand::Reset(args) => action::run(&client, BreakerAction::Reset, args).await,
        BreakerCommand::Open(args) => action::run(&client, BreakerAction::Open, args).await,
        BreakerCommand::Close(args) => action::run(&client, BreakerAction::Close, args).await,
    }
}
