//! What each subcommand does, and how it exits: 0 fine, 1 not healthy, 2 usage or config.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::config::{self, Config, Report};
use crate::control::event_log::EventLog;
use crate::run::{Origin, Running};
use crate::{demo, handover, signals};

/// The exit code for a wrong command line or config.
const USAGE: u8 = 2;

/// Runs what was asked for and returns how it went.
pub fn run(cli: Cli) -> ExitCode {
    let log = EventLog::install();
    let code = execute(cli);
    log.flush();
    code
}

fn execute(cli: Cli) -> ExitCode {
    match cli.into_command() {
        Some(Command::Run(args)) => {
            let file = args.config.clone();
            serve(move || config::load(&args.config), Some(file), args.upgrade)
        }
        Some(Command::Proxy(args)) => serve(
            move || Config::for_targets(args.listen, &args.to),
            None,
            false,
        ),
        Some(Command::Check(args)) => config::check::run(&args),
        Some(Command::Schema) => {
            anstream::println!("{}", config::schema());
            ExitCode::SUCCESS
        }
        Some(Command::Demo(args)) => match demo::run(&args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        },
        None => ExitCode::from(USAGE),
    }
}

/// Why serving ended that nobody had told to.
enum Failure {
    Config(Report),
    Other(anyhow::Error),
}

fn serve(
    load: impl FnOnce() -> Result<Config, Report> + Send + 'static,
    file: Option<PathBuf>,
    upgrade: bool,
) -> ExitCode {
    // Before there is another thread.
    let inherited = match handover::from_environment() {
        Ok(inherited) => inherited,
        Err(error) => return fail(&error.into()),
    };
    let start = move || {
        let config = load().map_err(Failure::Config)?;
        let origin = Origin { inherited, upgrade };
        Running::start_from(config, file.as_deref(), origin)
            .map_err(|error| Failure::Other(error.into()))
    };
    match signals::serve_until_told(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(report)) => refuse(&report),
        Err(Failure::Other(error)) => fail(&error),
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Says what is wrong with a config. Nothing has been started.
fn refuse(report: &Report) -> ExitCode {
    EventLog::of_process().flush();
    anstream::eprintln!("{}", report.render(io::stderr().is_terminal()));
    ExitCode::from(USAGE)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    EventLog::of_process().flush();
    anstream::eprintln!("soe503: {error:#}");
    ExitCode::FAILURE
}
