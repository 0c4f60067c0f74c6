//! `lbctl man [DIR]`: manual pages, made from [`Cli`] itself: one for each command that can be typed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use crate::{
    cli::Cli,
    exit::{Exit, Failure},
    show::print_exactly,
};

/// Where to.
#[derive(Debug, Args)]
#[command(after_help = "\
To read the main page: lbctl man | man -l -
To install them all for yourself: lbctl man ~/.local/share/man/man1, then: man lbctl-pool-status")]
pub(crate) struct ManArgs {
    /// Write a page for each command to this directory, which is made if need be; without it, the main
    /// page goes to standard output
    dir: Option<PathBuf>,
}

/// Writes them.
pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    // `lbctl help pool` says what `lbctl pool --help` says: no page is needed for that.
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    match &args.dir {
        Some(dir) => {
            fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))?;
            write(&cli, dir)?;
        }
        None => print_exactly(&page(&cli).1)?,
    }
    Ok(Exit::Fine)
}

/// The pages of `command` and of all below it.
fn write(command: &Command, dir: &Path) -> Result<(), Failure> {
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write(below, dir)?;
    }
    let (name, page) = page(command);
    let file = dir.join(name);
    fs::write(&file, page).map_err(|error| cannot_write(&file, &error))
}

/// The name of one page's file, and the page.
fn page(command: &Command) -> (String, Vec<u8>) {
    let man = Man::new(command.clone())
        .source(concat!("soe503 ", env!("CARGO_PKG_VERSION")))
        .manual("soe503");
    let mut page = Vec::new();
    man.render(&mut page).expect("a vector takes everything");
    (man.get_filename(), page)
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", file.display()))
}
