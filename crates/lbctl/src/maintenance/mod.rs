//! `lbctl maintenance`: planned interruptions of pools and routes.

mod action;
mod list;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};

use crate::{
    admin::AdminArgs,
    exit::{Exit, Failure},
};

/// See, begin and end the maintenance of pools and routes.
#[derive(Debug, Args)]
pub(crate) struct MaintenanceArgs {
    #[command(subcommand)]
    command: MaintenanceCommand,
}

#[derive(Debug, Subcommand)]
enum MaintenanceCommand {
    /// What is in force and what is planned (exit code 1 if something is in force)
    List(list::ListArgs),
    /// Begin at once: requests are answered 503 with the time that is left
    Start(action::StartArgs),
    /// End what is in force now, also if the configuration planned it
    End(action::EndArgs),
}

/// Runs one of them.
pub(crate) async fn run(admin: &AdminArgs, args: MaintenanceArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match args.command {
        MaintenanceCommand::List(args) => list::run(&client, &args).await,
        MaintenanceCommand::Start(args) => action::start(&client, args).await,
        MaintenanceCommand::End(args) => action::end(&client, args).await,
    }
}
