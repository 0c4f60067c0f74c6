//! A whole proxy: `cargo run --example proxy -- --listen 127.0.0.1:8080 --backend 127.0.0.1:8081 --backend 127.0.0.1:8082
//! --backend 127.0.0.1:8083`, in `crates/soe503-pingora`.
//!
//! Failures are recorded on standard error, a line each.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use pingora::prelude::{HttpPeer, Server};
use pingora::proxy::http_proxy_service;
use pingora::server::configuration::ServerConf;
use soe503::Explainer;
use soe503::explain::{Exposure, FailureRecord};
use soe503_pingora::{Config, ResilientProxy, Upstream};

/// What to listen on and where to send it.
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
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
    server.run_forever();
}
