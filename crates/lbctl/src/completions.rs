//! `lbctl completions SHELL`: what makes a shell complete commands, options and their values.
//!
//! Made from [`Cli`] itself, so it knows what this binary knows.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    cli::Cli,
    exit::{Exit, Failure},
    show::print_exactly,
};

/// For which shell.
#[derive(Debug, Args)]
#[command(after_help = "\
To have it in each new shell:
  bash        lbctl completions bash > ~/.local/share/bash-completion/completions/lbctl
  zsh         lbctl completions zsh > DIR/_lbctl, where DIR is in $fpath
  fish        lbctl completions fish > ~/.config/fish/completions/lbctl.fish
  elvish      lbctl completions elvish >> ~/.config/elvish/rc.elv
  powershell  lbctl completions powershell >> $PROFILE
In this one only (bash): source <(lbctl completions bash)")]
pub(crate) struct CompletionsArgs {
    /// The shell that reads them
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes them to standard output.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lbctl", &mut script);
    print_exactly(&script)?;
    Ok(Exit::Fine)
}
