//! The command line of `soe503`: what can be typed, and nothing about what it does.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A reverse proxy that keeps requests succeeding, and tags and explains those it cannot save.
#[derive(Clone, Debug, PartialEq, Eq, Parser)]
#[command(
    name = "soe503",
    version,
    about,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    after_help = "Try it: `soe503 demo`. Exit codes: 0 fine, 1 not healthy, 2 usage or config."
)]
pub struct Cli {
    /// What to do. Without it there is `--config`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Short for `soe503 run --config FILE`.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `soe503` can do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run backends, proxy and admin API in one process, with a guided tour (needs no config)
    Demo(DemoArgs),
    /// Run the proxy
    Run(RunArgs),
    /// Run the proxy for one pool, without a file
    Proxy(ProxyArgs),
    /// Validate a config file; exit 2 if it is not valid
    Check(CheckArgs),
    /// Print the JSON Schema of the config
    Schema,
}

/// Arguments of `soe503 demo`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct DemoArgs {
    /// Where clients connect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where the admin API listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9503")]
    pub admin: SocketAddr,
    /// End after the tour instead of waiting for Ctrl-C
    #[arg(long)]
    pub once: bool,
    /// Only start everything, visitors included, and kill nothing
    #[arg(long, conflicts_with = "once")]
    pub no_tour: bool,
}

/// Arguments of `soe503 run`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct RunArgs {
    /// The config file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Take over from the running process, at `upgrade_socket` of the config, which then ends
    #[arg(long)]
    pub upgrade: bool,
}

/// Arguments of `soe503 proxy`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct ProxyArgs {
    /// A backend, such as http://127.0.0.1:8081; give it again for each further one
    #[arg(long, value_name = "URL", required = true)]
    pub to: Vec<String>,
    /// Where clients connect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

/// Arguments of `soe503 check`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct CheckArgs {
    /// The config file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Also resolve names, connect, and try the health check of every backend; exit 1 if one fails
    #[arg(long)]
    pub connect: bool,
    /// Exit 1 if there is a warning, of a lint or about a certificate; notes do not count
    #[arg(long)]
    pub deny_warnings: bool,
    /// How to tell it
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

/// How `soe503 check` tells what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// For programs: one document on standard output
    Json,
}

// === impl Cli ===

impl Cli {
    /// The command, with `soe503 --config FILE` read as `soe503 run --config FILE`; `None` if
    /// neither was given, which [`Parser::parse`] already refuses.
    pub fn into_command(self) -> Option<Command> {
        self.command.or_else(|| {
            let config = self.config?;
            Some(Command::Run(RunArgs {
                config,
                upgrade: false,
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    fn parse(line: &str) -> Result<Option<Command>, ErrorKind> {
        Cli::try_parse_from(line.split(' '))
            .map(Cli::into_command)
            .map_err(|error| error.kind())
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_has_a_short_form() {
        let run = parse("soe503 run --config a.toml").unwrap();
        assert_eq!(
            run,
            Some(Command::Run(RunArgs {
                config: "a.toml".into(),
                upgrade: false,
            }))
        );
        let upgrade = parse("soe503 run --config a.toml --upgrade").unwrap();
        assert!(matches!(upgrade, Some(Command::Run(args)) if args.upgrade));
        assert_eq!(parse("soe503 --config a.toml").unwrap(), run);
        assert_eq!(
            parse("soe503"),
            Err(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
        );
        assert_eq!(
            parse("soe503 --config a.toml schema"),
            Err(ErrorKind::ArgumentConflict)
        );
    }

    #[test]
    fn proxy_takes_one_backend_or_more() {
        let Ok(Some(Command::Proxy(args))) = parse("soe503 proxy --to http://a:1 --to http://b:2")
        else {
            panic!("not understood");
        };
        assert_eq!(args.to, ["http://a:1", "http://b:2"]);
        assert_eq!(args.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(
            parse("soe503 proxy"),
            Err(ErrorKind::MissingRequiredArgument)
        );
    }

    #[test]
    fn check_demo_and_schema() {
        let Ok(Some(Command::Check(args))) = parse("soe503 check a.toml --connect") else {
            panic!("not understood");
        };
        assert!(args.connect && !args.deny_warnings);
        assert_eq!(args.format, CheckFormat::Text);
        assert_eq!(args.file, PathBuf::from("a.toml"));
        assert_eq!(parse("soe503 schema"), Ok(Some(Command::Schema)));
        assert!(matches!(
            parse("soe503 demo --listen [::1]:80"),
            Ok(Some(Command::Demo(_)))
        ));
    }
}
