//! A whole proxy. In `crates/soe503-pingora`:
//!
//! - `cargo run --example proxy` shows what a failure looks like: it starts in front of an address where nobody listens,
//!   asks itself once, prints the answer and ends.
//! - `cargo run --example proxy -- --listen 127.0.0.1:8080 --backend 127.0.0.1:8081 --backend 127.0.0.1:8082` serves until
//!   it is told to end.
//!
//! Failures are recorded on standard error, a line each.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use pingora::prelude::{HttpPeer, Server};
use pingora::proxy::http_proxy_service;
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, ShutdownSignal, ShutdownSignalWatch};
use soe503::Explainer;
use soe503::explain::{Exposure, FailureRecord};
use soe503_pingora::{Config, ResilientProxy, Upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// Pingora with soe503's layers. Without arguments: one request that fails, and its explanation.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where clients come
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// A backend; to be repeated
    #[arg(long = "backend", required = true)]
    backends: Vec<SocketAddr>,
    /// How long one attempt may take until the answer's head, in milliseconds
    #[arg(long, default_value_t = 5000)]
    attempt_timeout_ms: u64,
    /// How long all of them may take, in milliseconds
    #[arg(long, default_value_t = 15_000)]
    timeout_ms: u64,
    /// How long requests may wait for a pool that may be back in a moment, in milliseconds
    #[arg(long, default_value_t = 5000)]
    ride_out_ms: u64,
    /// Tell clients everything: for those who try this out
    #[arg(long)]
    explain_all: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args_os().len() <= 1 {
        return show();
    }
    server(&Arguments::parse())?.run_forever();
}

fn server(arguments: &Arguments) -> Result<Server, Box<dyn Error>> {
    let mut config = Config {
        timeout: Duration::from_millis(arguments.timeout_ms),
        ..Config::default()
    };
    config.retry.attempt_timeout = Some(Duration::from_millis(arguments.attempt_timeout_ms));
    config.breaker.ride_out = Duration::from_millis(arguments.ride_out_ms);
    let backends = arguments.backends.iter().map(|address| {
        let peer = HttpPeer::new(address, false, String::new());
        Upstream::backend(peer)
    });
    let exposure = match arguments.explain_all {
        true => Exposure::Full,
        false => Exposure::Public,
    };
    let explain = Explainer::builder("pingora-example")
        .exposure(exposure)
        .record(|failure: FailureRecord| {
            let cause = failure.diagnosis.primary;
            eprintln!(
                "{} {} {}: {cause}",
                failure.request_id, failure.method, failure.uri
            );
        });
    let app = config.build("app", backends.collect(), explain)?;

    let mut server = Server::new_with_opt_and_conf(None, ServerConf::default());
    server.bootstrap();
    let proxy = ResilientProxy::new(app.stack);
    let mut service = http_proxy_service(&server.configuration, proxy);
    service.add_tcp(&arguments.listen);
    server.add_service(service);
    Ok(server)
}

// --- without arguments ---------------------------------------------------------------------------

/// One request to a proxy whose only backend is not there.
fn show() -> Result<(), Box<dyn Error>> {
    // Bound and not listened at: whoever connects is refused, and nobody else gets the port.
    let nobody = TcpSocket::new_v4()?;
    nobody.bind("127.0.0.1:0".parse()?)?;
    let backend = nobody.local_addr()?.to_string();
    let listen = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let arguments = ["proxy", "--explain-all", "--backend", &backend, "--listen"];
    let arguments = arguments.into_iter().map(str::to_owned);
    let server = server(&Arguments::parse_from(
        arguments.chain([listen.to_string()]),
    ))?;

    let (answer, answered) = channel();
    let once = Once { listen, answer };
    server.run(RunArgs {
        shutdown_signal: Box::new(once),
    });
    print!("{}", answered.recv()??);
    Ok(())
}

/// Asks the proxy, and when that has answered tells it to end.
struct Once {
    listen: SocketAddr,
    answer: Sender<Result<String, String>>,
}

#[async_trait]
impl ShutdownSignalWatch for Once {
    async fn recv(&self) -> ShutdownSignal {
        let answer = timeout(Duration::from_secs(20), ask(self.listen)).await;
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(late) => Err(late.to_string()),
        };
        // Whoever waits for it waits for this.
        let _waiting = self.answer.send(answer);
        ShutdownSignal::FastShutdown
    }
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = loop {
        match TcpStream::connect(address).await {
            Ok(stream) => break stream,
            // It is just being started.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    };
    let request = "GET / HTTP/1.1\r\nHost: app\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.replace('\r', ""))
}
