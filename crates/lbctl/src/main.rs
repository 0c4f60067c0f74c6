//! `lbctl`: the operator's command line for soe503.
//!
//! It speaks the admin API and, for `confirm`, HTTP as any client would; it knows nothing of the
//! proxy's insides. A command is a module with its arguments, what it asks, and how it tells:
//!
//! | module | what |
//! | --- | --- |
//! | [`cli`] | what can be typed |
//! | [`pool`], [`breaker`], [`cache`], [`explain`], [`incidents`], [`report`], [`change`], [`maintenance`], [`limits`], [`journal`], [`log`], [`alerts`], [`config`], [`doctor`] | the commands that ask the admin API |
//! | [`top`] | the same, live in a terminal |
//! | [`confirm`] | is this a 503, whose, and why |
//! | [`debug_token`] | a token that has one request's failure told in full |
//! | [`verify`] | a failed request, asked again: is it cured |
//! | [`completions`], [`man`] | what shells and `man` read, made from [`cli`] |
//! | [`admin`], [`tls`] | finding the admin API, over TLS or not, and errors with the nearest valid choice |
//! | [`show`] | terminal, colours, tables, numbers |
//! | [`exit`] | exit codes and failures |

mod admin;
mod alerts;
mod breaker;
mod cache;
mod change;
mod cli;
mod clock;
mod completions;
mod config;
mod confirm;
mod debug_token;
mod doctor;
mod exit;
mod explain;
mod incidents;
mod journal;
mod limits;
mod log;
mod maintenance;
mod man;
mod pool;
mod report;
mod show;
mod tls;
mod top;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    exit::{Exit, Failure},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::usage(format!("cannot start: {error}")).report();
        }
    };
    let result = runtime.block_on(run(cli));
    // A name lookup that never ends runs on a thread of its own: nobody waits for it.
    runtime.shutdown_background();
    result.map_or_else(|failure| failure.report(), Exit::into)
}

async fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Pool(args) => pool::run(&cli.admin, args).await,
        Command::Top(_) => top::run(&cli.admin).await,
        Command::Breaker(args) => breaker::run(&cli.admin, args).await,
        Command::Cache(args) => cache::run(&cli.admin, args).await,
        Command::Confirm(args) => confirm::run(&args).await,
        Command::Explain(args) => explain::run(&cli.admin, &args).await,
        Command::Incidents(args) => incidents::run(&cli.admin, &args).await,
        Command::Verify(args) => verify::run(&cli.admin, &args).await,
        Command::Report(args) => report::run(&cli.admin, &args).await,
        Command::Change(args) => change::run(&cli.admin, args).await,
        Command::Maintenance(args) => maintenance::run(&cli.admin, args).await,
        Command::Journal(args) => journal::run(&cli.admin, &args).await,
        Command::Log(args) => log::run(&cli.admin, args).await,
        Command::DebugToken(args) => debug_token::run(&args),
        Command::Alerts(args) => alerts::run(&cli.admin, &args).await,
        Command::Config(args) => config::run(&cli.admin, &args).await,
        Command::Doctor(args) => doctor::run(&cli.admin, &args).await,
        Command::Limits(args) => limits::run(&cli.admin, &args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
