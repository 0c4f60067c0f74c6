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
use crate::config::Config;
use crate::run::Running;

/// What `soe503 demo` can be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// End after the tour instead of waiting for Ctrl-C.
    pub once: bool,
    /// Take any free ports instead of the usual ones.
    pub free_ports: bool,
}

/// The usual ports: proxy, backends, admin API, remote control.
const PROXY: u16 = 8080;
const BACKENDS: [u16; 3] = [8081, 8082, 8083];
const ADMIN: u16 = 9503;
const REMOTE: u16 = 9580;

/// Runs the demo until the tour ends (`once`) or Ctrl-C.
///
/// # Errors
///
/// If a port cannot be opened or the tour does not go as promised.
pub fn run(options: Options) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(start(options))
}

async fn start(options: Options) -> anyhow::Result<()> {
    let mut backends = Vec::new();
    for (number, port) in BACKENDS.into_iter().enumerate() {
        let name = format!("b{}", number + 1);
        let address = pick(port, options.free_ports).await?;
        backends.push(Backend::start(name, address).await?);
    }
    let targets: Vec<SocketAddr> = backends.iter().map(Backend::address).collect();
    let listen = pick(PROXY, options.free_ports).await?;
    let admin = pick(ADMIN, options.free_ports).await?;
    let config = Config::from_toml("demo", &config(listen, admin, &targets))
        .map_err(|report| anyhow::anyhow!(report.render(false)))?;
    let proxy = Running::start(config, None)?;
    let backends = Arc::new(Mutex::new(backends));
    let remote = TcpListener::bind(pick(REMOTE, options.free_ports).await?).await?;
    let remote = remote::start(remote, Arc::clone(&backends)).await?;

    let places = tour::Places { proxy: listen, admin, remote };
    tour::guide(&places, &backends).await?;
    if !options.once {
        tour::say_what_to_try(&places);
        tokio::signal::ctrl_c().await?;
    }
    tokio::task::spawn_blocking(move || proxy.shutdown()).await?;
    Ok(())
}

/// The demo's config: the smallest one, plus impatience so that the tour is short.
fn config(listen: SocketAddr, admin: SocketAddr, targets: &[SocketAddr]) -> String {
    let urls: Vec<String> = targets.iter().map(|address| format!("\"http://{address}\"")).collect();
    format!(
        "[server]\nname = \"demo\"\n\n[admin]\naddress = \"{admin}\"\n\n[[listeners]]\naddress = \"{listen}\"\n\
         explain = \"full\"\n\n[[routes]]\npool = \"app\"\n\n[pools.app]\nbackends = [{}]\n",
        urls.join(", ")
    )
}

/// `port` on loopback if it is free, else any other.
async fn pick(port: u16, any: bool) -> io::Result<SocketAddr> {
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if !any && TcpListener::bind(on(port)).await.is_ok() {
        return Ok(on(port));
    }
    TcpListener::bind(on(0)).await?.local_addr()
}
