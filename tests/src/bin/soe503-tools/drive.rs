//! Clients for what `wrk` and `h2load` cannot do: see [`soe503_tests::bench`].

use std::error::Error;
use std::path::PathBuf;

use clap::Subcommand;
use soe503_tests::bench::{Load, client_config, handshakes, websockets};

/// Keeps a server busy and prints one line of JSON: done, failed, error, seconds.
#[derive(Debug, Subcommand)]
pub(crate) enum Arguments {
    /// Messages of 64 bytes over WebSockets, one under way on each
    Websocket {
        #[command(flatten)]
        load: Load,
    },
    /// A new TLS connection for each request, never resumed
    Handshakes {
        #[command(flatten)]
        load: Load,
        /// The certificate to trust, PEM
        #[arg(long)]
        trust: PathBuf,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let tally = match arguments {
        Arguments::Websocket { load } => websockets(load).await,
        Arguments::Handshakes { load, trust } => {
            handshakes(load, client_config(&std::fs::read(trust)?)?).await
        }
    };
    println!("{}", serde_json::to_string(&tally)?);
    Ok(())
}
