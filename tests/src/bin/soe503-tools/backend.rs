//! A backend that answers at once: see [`soe503_tests::bench::Backend`].

use std::error::Error;
use std::net::SocketAddr;

use clap::Args;
use soe503_tests::bench::Backend;

/// A backend that answers at once.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen for HTTP/1.1; may be repeated
    #[arg(long)]
    h1: Vec<SocketAddr>,
    /// Where to listen for gRPC, over HTTP/2 with prior knowledge; may be repeated
    #[arg(long)]
    h2: Vec<SocketAddr>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let h1 = arguments.h1.into_iter().map(|address| (address, false));
    let h2 = arguments.h2.into_iter().map(|address| (address, true));
    let mut serving = tokio::task::JoinSet::new();
    for (address, h2) in h1.chain(h2) {
        serving.spawn(Backend::listen(address, h2)?.serve());
    }
    while let Some(ended) = serving.join_next().await {
        ended??;
    }
    Ok(())
}
