//! The subcommand.

use std::{io, process::ExitCode, sync::Arc};

use super::{Finding, connect, table};
use crate::{
    cli::CheckArgs,
    config::{Config, load},
    control::{check::Sockets, dns::SystemResolver},
};

/// The exit code for a config with a problem.
const INVALID: u8 = 2;

/// Runs `soe503 check`: 0 if all is well, 1 if a backend does not answer, 2 if the config is not
/// valid. The answer goes to standard output, problems go to standard error.
pub fn run(args: &CheckArgs) -> ExitCode {
    let config = match load(&args.file) {
        Ok(config) => config,
        Err(report) => {
            // Colours are left out if standard error is not a terminal.
            anstream::eprint!("{}", report.render(true));
            return ExitCode::from(INVALID);
        }
    };
    if let Some(warnings) = &config.warnings {
        anstream::eprint!("{}", warnings.render(true));
    }
    anstream::println!("{} is valid: {}", args.file.display(), inventory(&config));
    if !args.connect {
        return ExitCode::SUCCESS;
    }
    match try_backends(&config) {
        Ok(findings) => {
            anstream::print!("\n{}", table(&findings));
            match findings.iter().all(|finding| finding.outcome.is_ok()) {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(why) => {
            anstream::eprintln!("soe503: {why}");
            ExitCode::FAILURE
        }
    }
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
