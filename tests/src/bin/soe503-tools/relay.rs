//! The floors of the comparisons: see [`soe503_tests::bench`].

use std::error::Error;
use std::net::SocketAddr;

use clap::Args;
use soe503_tests::bench::{Backends, parse_and_relay, relay};
use tokio::net::TcpListener;

/// A proxy that copies bytes and does next to nothing with them.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// A backend; may be repeated
    #[arg(long, required = true)]
    backend: Vec<SocketAddr>,
    /// Parse HTTP/1.1 on both sides
    #[arg(long)]
    parse: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(arguments.listen).await?;
    let backends = Backends::new(arguments.backend).ok_or("no backend")?;
    match arguments.parse {
        true => parse_and_relay(listener, backends).await?,
        false => relay(listener, backends).await?,
    }
    Ok(())
}
