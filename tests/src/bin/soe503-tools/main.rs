//! Backends, loads and floors for the harnesses, as one program: each that is linked costs minutes of optimising.

mod backend;
mod drive;
mod faulty;
mod load;
mod relay;

use std::error::Error;

use clap::Parser;

/// What stands before and behind the proxy in harnesses and benches.
#[derive(Debug, Parser)]
enum Tool {
    /// A backend that answers at once
    Backend(backend::Arguments),
    /// Keeps a server busy and prints one line of JSON: done, failed, error, seconds
    #[command(subcommand)]
    Drive(drive::Arguments),
    /// A backend that fails on command
    Faulty(faulty::Arguments),
    /// Sends GET and POST at a fixed rate and keeps every result
    Load(load::Arguments),
    /// A proxy that copies bytes and does next to nothing with them
    Relay(relay::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match Tool::parse() {
        Tool::Backend(arguments) => backend::run(arguments).await,
        Tool::Drive(arguments) => drive::run(arguments).await,
        Tool::Faulty(arguments) => faulty::run(arguments).await,
        Tool::Load(arguments) => load::run(arguments).await,
        Tool::Relay(arguments) => relay::run(arguments).await,
    }
}
