//! A backend that fails on command: see [`soe503_tests::faulty`].

use std::error::Error;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend, Nature, serve_control};
use tokio::net::TcpListener;

/// A backend that fails on command.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen for requests
    #[arg(long)]
    listen: SocketAddr,
    /// Where to listen for commands: PUT /fault/TRAFFIC/HEALTH, PUT /door/DOOR, GET /counts
    #[arg(long)]
    control: SocketAddr,
    /// Work per request, in milliseconds
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Work on so many requests at once, and let the others wait
    #[arg(long)]
    slots: Option<usize>,
    /// Size of an answer's body
    #[arg(long, default_value_t = 1024)]
    body_bytes: usize,
    /// Append `METHOD ID` here for each execution
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// The fault to begin with, health checks included
    #[arg(long, default_value = "ok")]
    fault: Fault,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let nature = Nature {
        ledger: match &arguments.ledger {
            Some(path) => Some(File::options().create(true).append(true).open(path)?),
            None => None,
        },
        slots: arguments.slots,
        body_bytes: arguments.body_bytes,
        server: None,
    };
    let behaviour = Behaviour {
        delay: Duration::from_millis(arguments.delay_ms),
        ..Behaviour::everywhere(arguments.fault)
    };
    let backend = FaultyBackend::listen(arguments.listen, behaviour, nature).await?;
    let control = TcpListener::bind(arguments.control).await?;
    serve_control(control, &backend).await?;
    Ok(())
}
