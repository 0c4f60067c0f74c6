//! The binary `soe503`: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser;
use soe503_proxy::cli::Cli;
use soe503_proxy::commands;

/// Requests allocate small things often; this allocator is good at it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(Cli::parse())
}
