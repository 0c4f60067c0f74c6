//! The subcommand.

use std::{io, process::ExitCode, sync::Arc};

use super::{Finding, connect, json, table};
use crate::{
    cli::{CheckArgs, CheckFormat},
    config::{Config, Report, load},
    control::{check::Sockets, dns::SystemResolver},
};

/// The exit code for a config with a problem.
const INVALID: u8 = 2;

/// Runs `soe503 check`: 0 if all is well, 1 if a backend does not answer or a warning is denied, 2 if the config is not
/// valid. The answer goes to standard output, problems and lints go to standard error; as JSON all of it goes to standard
/// output.
pub fn run(args: &CheckArgs) -> ExitCode {
    let config = match load(&args.file) {
        Ok(config) => config,
        Err(report) => {
            match args.format {
                // Colours are left out if standard error is not a terminal.
                CheckFormat::Text => anstream::eprint!("{}", report.render(true)),
                CheckFormat::Json => anstream::println!("{}", json::invalid(&args.file, &report)),
            }
            return ExitCode::from(INVALID);
        }
    };
    let tried = args.connect.then(|| try_backends(&config));
    let answer = match &tried {
        Some(Ok(findings)) => findings.iter().all(|finding| finding.outcome.is_ok()),
        Some(Err(_)) => false,
        None => true,
    };
    match args.format {
        CheckFormat::Text => tell(args, &config, tried.as_ref()),
        CheckFormat::Json => {
            let tried = tried.as_ref();
            anstream::println!("{}", json::valid(&args.file, &config, tried));
        }
    }
    let denied = args.deny_warnings && warns(&config);
    match answer && !denied {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn tell(args: &CheckArgs, config: &Config, tried: Option<&io::Result<Vec<Finding>>>) {
    for report in doubts(config) {
        anstream::eprint!("{}", report.render(true));
    }
    anstream::println!("{} is valid: {}", args.file.display(), inventory(config));
    match tried {
        Some(Ok(findings)) => anstream::print!("\n{}", table(findings)),
        Some(Err(why)) => anstream::eprintln!("soe503: {why}"),
        None => {}
    }
}

/// What is doubtful, and what is a trap.
fn doubts(config: &Config) -> impl Iterator<Item = &Report> {
    config.warnings.iter().chain(config.lints.report())
}

fn warns(config: &Config) -> bool {
    config.warnings.is_some() || config.lints.warns()
}

/// "1 listener, 2 routes, 1 pool, 3 backends".
fn inventory(config: &Config) -> String {
    let backends = config.pools.iter().map(|pool| pool.backends.len()).sum();
    [
        (config.listeners.len(), "listener"),
        (config.routes.len(), "route"),
        (config.pools.len(), "pool"),
        (backends, "backend"),
    ]
    .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    .join(", ")
}

fn try_backends(config: &Config) -> io::Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let resolver = SystemResolver::from_system().map_err(io::Error::other)?;
    Ok(runtime.block_on(connect(config, Arc::new(resolver), Arc::new(Sockets))))
}
