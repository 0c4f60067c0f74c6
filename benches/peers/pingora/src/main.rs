//! A minimal load balancer on Pingora: round robin over the backends, active checks, up to three
//! tries at connecting, `X-Forwarded-For`. One worker thread; no access log.
//!
//! It is what a careful first version looks like, and one of the proxies that `benches/peers/run`
//! compares soe503 with.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use pingora::apps::HttpServerOptions;
use pingora::lb::LoadBalancer;
use pingora::lb::health_check::HttpHealthCheck;
use pingora::lb::selection::RoundRobin;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::{Error, ErrorType, HttpPeer, RequestHeader, Result, Server};
use pingora::proxy::{ProxyHttp, Session, http_proxy};
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TRIES: usize = 3;

/// What to listen on and where to send it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Plain HTTP/1.1 and HTTP/2 with prior knowledge
    #[arg(long)]
    listen: Vec<String>,
    /// TLS with `--cert` and `--key`
    #[arg(long)]
    listen_tls: Option<String>,
    #[arg(long, default_value = "")]
    cert: String,
    #[arg(long, default_value = "")]
    key: String,
    /// A backend; may be repeated
    #[arg(long)]
    backend: Vec<String>,
    /// Speak HTTP/2 to the backends
    #[arg(long)]
    h2_upstream: bool,
}

struct Balancer {
    backends: Arc<LoadBalancer<RoundRobin>>,
    h2_upstream: bool,
}

/// How many backends this request has been sent to.
#[derive(Default)]
struct Tries(usize);

#[async_trait]
impl ProxyHttp for Balancer {
    type CTX = Tries;

    fn new_ctx(&self) -> Tries {
        Tries::default()
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut Tries) -> Result<Box<HttpPeer>> {
        let backend = self
            .backends
            .select(b"", 256)
            .ok_or_else(|| Error::new(ErrorType::ConnectNoRoute))?;
        let mut peer = HttpPeer::new(backend, false, String::new());
        peer.options.connection_timeout = Some(Duration::from_millis(500));
        peer.options.read_timeout = Some(Duration::from_secs(5));
        peer.options.write_timeout = Some(Duration::from_secs(5));
        if self.h2_upstream {
            peer.options.set_http_version(2, 2);
            peer.options.max_h2_streams = 128;
        }
        Ok(Box::new(peer))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        _: &mut Tries,
    ) -> Result<()> {
        if let Some(client) = session.client_addr().and_then(|client| client.as_inet()) {
            request.insert_header("X-Forwarded-For", client.ip().to_string())?;
        }
        Ok(())
    }

    fn fail_to_connect(
        &self,
        _: &mut Session,
        _: &HttpPeer,
        tries: &mut Tries,
        mut error: Box<Error>,
    ) -> Box<Error> {
        tries.0 += 1;
        error.set_retry(tries.0 < TRIES);
        error
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let conf = ServerConf {
        threads: 1,
        upstream_keepalive_pool_size: 1024,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();

    let mut backends = LoadBalancer::try_from_iter(&arguments.backend)?;
    if !arguments.h2_upstream {
        backends.set_health_check(Box::new(HttpHealthCheck::new("bench", false)));
        backends.health_check_frequency = Some(Duration::from_secs(2));
    }
    let checks = background_service("health checks", backends);
    let mut proxy = http_proxy(
        &server.configuration,
        Balancer {
            backends: checks.task(),
            h2_upstream: arguments.h2_upstream,
        },
    );
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    proxy.server_options = Some(options);
    let mut service = Service::new("balancer".to_owned(), proxy);
    for address in &arguments.listen {
        service.add_tcp(address);
    }
    if let Some(address) = &arguments.listen_tls {
        let settings = TlsSettings::intermediate(&arguments.cert, &arguments.key)?;
        service.add_tls_with_settings(address, None, settings);
    }
    server.add_service(service);
    server.add_service(checks);
    server.run_forever();
}
