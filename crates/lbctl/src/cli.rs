//! What can be typed.

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    admin::AdminArgs, alerts::AlertsArgs, breaker::BreakerArgs, cache::CacheArgs,
    change::ChangeArgs, completions::CompletionsArgs, config::ConfigArgs, confirm::ConfirmArgs,
    debug_token::DebugTokenArgs, doctor::DoctorArgs, explain::ExplainArgs,
    incidents::IncidentsArgs, journal::JournalArgs, limits::LimitsArgs, log::LogArgs,
    maintenance::MaintenanceArgs, man::ManArgs, pool::PoolArgs, report::ReportArgs, top::TopArgs,
    verify::VerifyArgs,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  the thing asked about is not healthy: a pool that is down, an open circuit or incident, a URL
     that is a 503 or cannot be reached, a request that fails again
  2  usage: a wrong option, an unknown pool, backend, request or incident, a refused token
  3  the admin API is not reachable";

/// Look at soe503 and steer it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See pools and their backends; take backends out of rotation and back
    Pool(PoolArgs),
    /// What goes on, live in the terminal: pools, circuits, open incidents and why
    Top(TopArgs),
    /// See and steer the pools' circuit breakers
    Breaker(BreakerArgs),
    /// See and empty the pools' caches: answers that are kept to be given instead of failures
    Cache(CacheArgs),
    /// Is this URL a real 503, whose is it, and why
    Confirm(ConfirmArgs),
    /// What happened to one failed request, or in an incident
    Explain(ExplainArgs),
    /// Failures with one cause in one place (exit code 1 if one goes on)
    Incidents(IncidentsArgs),
    /// Ask again what had failed: is it cured (exit code 1 if not)
    Verify(VerifyArgs),
    /// The skeleton of a post-mortem, in Markdown
    Report(ReportArgs),
    /// Report and see changes, so that what they break can be told from what breaks by itself
    Change(ChangeArgs),
    /// See, begin and end the maintenance of pools and routes
    Maintenance(MaintenanceArgs),
    /// The journal: what survives a restart, and whether it is written
    Journal(JournalArgs),
    /// The event log: which of its lines are written, and for how long
    Log(LogArgs),
    /// Who is told of incidents, and whether that arrives (exit code 1 if not)
    Alerts(AlertsArgs),
    /// The configuration in force: see it, compare a file with it, reload
    Config(ConfigArgs),
    /// Traps in the configuration in force, and what traffic has shown: the value to set, and what it would have saved (exit code 1
    /// if something costs requests)
    Doctor(DoctorArgs),
    /// Make a token that has a request's failure told in full, wherever it comes from
    DebugToken(DebugTokenArgs),
    /// Rate limits: who is let through, and how often not
    Limits(LimitsArgs),
    /// Make the script that has a shell complete commands and options
    Completions(CompletionsArgs),
    /// Make the manual pages
    Man(ManArgs),
}

/// How to tell an answer that is no table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    #[value(alias = "table")]
    Text,
    /// For programs
    Json,
}
