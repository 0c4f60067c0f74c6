//! The guided tour: what it does, what it shows, and what it promises.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::ensure;
use bytes::Bytes;
use http::Response;
use tokio::time::{Instant, sleep};

use super::load::{self, RATE, Seen};
use super::remote::Backends;

/// Where everything listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) proxy: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// How long each act lasts.
const ACT: Duration = Duration::from_secs(3);

/// The longest that coming back may take.
const PATIENCE: Duration = Duration::from_secs(10);

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Says where everything is, and lets the visitors in.
pub(super) async fn welcome(places: &Places, backends: &Backends) -> Arc<Seen> {
    println!(
        "{BOLD}soe503 demo{BOLD:#}   proxy http://{}   admin http://{}",
        places.proxy, places.admin
    );
    for backend in backends.lock().await.iter() {
        println!(
            "              backend {} http://{}",
            backend.name(),
            backend.address()
        );
    }
    load::start(places.proxy)
}

/// Walks through the four acts.
///
/// # Errors
///
/// If what the tour claims is not what happens.
pub(super) async fn guide(places: &Places, backends: &Backends, seen: &Seen) -> anyhow::Result<()> {
    act(
        1,
        "Three backends are up",
        &format!("{RATE} requests per second go through the proxy."),
    );
    let failed = count(seen).await;
    ensure!(
        failed == 0,
        "{failed} requests failed although every backend is up"
    );

    act(
        2,
        "One backend dies",
        "b2 is killed: its port closes, its connections are reset.",
    );
    backends.lock().await[1].kill().await;
    let failed = count(seen).await;
    ensure!(
        failed == 0,
        "{failed} requests failed although two backends are up"
    );
    hint(places, "pool status");

    act(
        3,
        "All backends die",
        "Nothing is left to try, so this is what a client gets:",
    );
    for backend in backends.lock().await.iter_mut() {
        backend.kill().await;
    }
    sleep(ACT).await;
    let response = load::get(places.proxy).await?;
    show(&response);
    ensure!(
        response.status() == 503,
        "the answer is {}, not a tagged 503",
        response.status()
    );
    if let Some(id) = response
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
    {
        hint(places, &format!("explain {id}"));
    }

    act(4, "They come back", "All three are started again.");
    for backend in backends.lock().await.iter_mut() {
        backend.revive().await?;
    }
    let since = Instant::now();
    while !load::get(places.proxy).await?.status().is_success() {
        ensure!(
            since.elapsed() < PATIENCE,
            "no success {PATIENCE:?} after the backends came back"
        );
        sleep(Duration::from_millis(20)).await;
    }
    println!(
        "   first success after {GOOD}{} ms{GOOD:#}",
        since.elapsed().as_millis()
    );
    Ok(())
}

/// What to do with a demo that keeps running.
pub(super) fn say_what_to_try(places: &Places) {
    println!("\n{BOLD}The demo keeps running; try it yourself (Ctrl-C ends it){BOLD:#}");
    println!("   the dashboard: http://{}/", places.admin);
    for line in [
        format!("curl -i http://{}/", places.proxy),
        format!(
            "curl -X POST http://{}/kill/b1        {DIM}# or all{DIM:#}",
            places.remote
        ),
        format!("curl -X POST http://{}/revive/b1", places.remote),
        format!("{} pool status --watch", lbctl(places)),
        format!("{} confirm http://{}/", lbctl(places), places.proxy),
        format!("curl http://{}/metrics", places.admin),
    ] {
        println!("   {line}");
    }
}

fn act(number: u8, title: &str, text: &str) {
    println!("\n{BOLD}{number}. {title}{BOLD:#}\n   {text}");
}

fn hint(places: &Places, command: &str) {
    println!("   {DIM}look: {} {command}{DIM:#}", lbctl(places));
}

fn lbctl(places: &Places) -> String {
    let default = places.admin.port() == super::USUAL_ADMIN;
    let admin = if default {
        String::new()
    } else {
        format!(" --admin http://{}", places.admin)
    };
    format!("cargo run --release --bin lbctl --{admin}")
}

/// Lets an act run and tells what the visitors saw; returns how many requests failed.
async fn count(seen: &Seen) -> u64 {
    let (answered, failed) = (seen.answered(), seen.failed());
    sleep(ACT).await;
    let (answered, failed) = (seen.answered() - answered, seen.failed() - failed);
    let style = if failed == 0 { GOOD } else { BAD };
    println!("   {answered} requests answered, {style}{failed} failed{style:#}");
    failed
}

/// A response as `curl -i` shows it.
fn show(response: &Response<Bytes>) {
    let status = response.status();
    println!("\n   {BAD}HTTP/1.1 {status}{BAD:#}");
    for (name, value) in response.headers() {
        println!(
            "   {BOLD}{name}{BOLD:#}: {}",
            String::from_utf8_lossy(value.as_bytes())
        );
    }
    let body = serde_json::from_slice::<serde_json::Value>(response.body())
        .and_then(|json| serde_json::to_string_pretty(&json))
        .unwrap_or_else(|_| String::from_utf8_lossy(response.body()).into_owned());
    println!();
    for line in body.lines() {
        println!("   {line}");
    }
    println!();
}
