//! `lbctl config`: what is in force, how a file differs from it, and putting the file in force.

mod diff;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use soe503_api::{
    ConfigText,
    client::{Client, ClientError},
};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// See the configuration in force, compare it, or put another one in force.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// The configuration in force, every default filled in, as JSON; no secret is in it
    Show,
    /// What a reload would change, by key, and what state it would keep (exit code 1 if anything differs)
    Diff(DiffArgs),
    /// Read the configuration file again and put it in force; a file that is not valid changes nothing
    Reload,
}

#[derive(Debug, Args)]
struct DiffArgs {
    /// A file here, which is sent (otherwise: the file that a reload would read, where the proxy runs); files that it names are
    /// looked for where the proxy runs
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Does what was asked.
pub(crate) async fn run(admin: &AdminArgs, args: &ConfigArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match &args.command {
        ConfigCommand::Show => {
            let reply = client.config().await;
            let reply = reply.map_err(|e| admin::explain(&client, e))?;
            print_exactly(&reply.body)?;
            Ok(Exit::Fine)
        }
        ConfigCommand::Reload => {
            let reply = client.config_reload().await;
            reply.map_err(|e| explain(&client, e))?;
            print("the file is in force\n")?;
            Ok(Exit::Fine)
        }
        ConfigCommand::Diff(args) => {
            let reply = match &args.file {
                Some(file) => client.config_diff_of(&read(file)?).await,
                None => client.config_diff().await,
            };
            let reply = reply.map_err(|e| explain(&client, e))?;
            match args.output {
                Output::Json => print_exactly(&reply.body)?,
                Output::Text => print(&diff::text(&reply.value, Canvas::stdout()))?,
            }
            let same = reply.value.changes.is_empty() && !reply.value.hidden;
            Ok(Exit::healthy(same))
        }
    }
}

/// What is wrong with a file is told in lines, as `soe503 check` tells it.
fn explain(client: &Client, error: ClientError) -> Failure {
    match error {
        ClientError::Refused {
            status: 422,
            problem,
            ..
        } => {
            let told = Failure::usage(problem.title);
            problem.detail.lines().fold(told, Failure::hint)
        }
        other => admin::explain(client, other),
    }
}

fn read(file: &Path) -> Result<ConfigText, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Ok(ConfigText { text, name })
}
