//! `soe503 demo`: three backends, the proxy in front of them, visitors, and a guided tour.
//!
//! Everything runs in this process, on loopback, and is the real thing: the proxy is started from
//! a config as `soe503 run` would, and the backends die as processes do, with resets and closed
//! ports.

mod backend;
mod load;
mod remote;
mod tour;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Mutex;

use self::backend::Backend;
use crate::cli::DemoArgs;
use crate::config::from_str;
use crate::run::Running;

/// The usual ports of the backends and of the remote control.
const BACKENDS: [u16; 3] = [8081, 8082, 8083];
const REMOTE: u16 = 9580;

/// Where `lbctl` looks if it is told nothing.
const USUAL_ADMIN: u16 = 9503;

/// Runs the demo until the tour ends (`once`) or Ctrl-C.
///
/// # Errors
///
/// If a port cannot be opened or the tour does not go as promised.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(start(args))
}

async fn start(args: &DemoArgs) -> anyhow::Result<()> {
    let mut backends = Vec::new();
    for (number, port) in BACKENDS.into_iter().enumerate() {
        let name = format!("b{}", number + 1);
        let address = free(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        backends.push(Backend::start(name, address).await?);
    }
    let targets: Vec<SocketAddr> = backends.iter().map(Backend::address).collect();
    let listen = free(args.listen).await?;
    let admin = free(args.admin).await?;
    let config = from_str("demo", &config(listen, admin, &targets))
        .map_err(|report| anyhow::anyhow!(report.render(false)))?;
    let proxy = Running::start(config, None)?;
    let backends = Arc::new(Mutex::new(backends));
    let remote =
        TcpListener::bind(free(SocketAddr::from((Ipv4Addr::LOCALHOST, REMOTE))).await?).await?;
    let remote = remote::start(remote, Arc::clone(&backends)).await?;

    let places = tour::Places {
        proxy: listen,
        admin,
        remote,
    };
    let seen = tour::welcome(&places, &backends).await;
    if !args.no_tour {
        tour::guide(&places, &backends, &seen).await?;
    }
    if !args.once {
        tour::say_what_to_try(&places);
        tokio::signal::ctrl_c().await?;
    }
    tokio::task::spawn_blocking(move || proxy.shutdown()).await?;
    Ok(())
}

/// The demo's config: the smallest one, plus impatience so that the tour is short.
fn config(listen: SocketAddr, admin: SocketAddr, targets: &[SocketAddr]) -> String {
    let urls: Vec<String> = targets
        .iter()
        .map(|address| format!("\"http://{address}\""))
        .collect();
    format!(
        "[server]\nname = \"demo\"\n\n[admin]\naddress = \"{admin}\"\n\n[[listeners]]\naddress = \"{listen}\"\n\
         explain = \"full\"\n\n[[routes]]\npool = \"app\"\n\n[pools.app]\nbackends = [{}]\n",
        urls.join(", ")
    )
}

/// `wanted` if it is free, else the same host with any other port.
async fn free(wanted: SocketAddr) -> io::Result<SocketAddr> {
    if let Ok(listener) = TcpListener::bind(wanted).await {
        return listener.local_addr();
    }
    TcpListener::bind((wanted.ip(), 0)).await?.local_addr()
}
