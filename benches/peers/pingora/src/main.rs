//! A minimal load balancer on Pingora: round robin over the backends, active checks, up to three
//! tries at different backends, `X-Forwarded-For`. One worker thread; no access log.
//!
//! It is what a careful first version looks like, and one of the proxies that `benches/peers/run` and
//! `benches/resilience/run` compare soe503 with.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use pingora::apps::HttpServerOptions;
use pingora::lb::health_check::HttpHealthCheck;
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, LoadBalancer};
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::{Error, ErrorType, HttpPeer, RequestHeader, ResponseHeader, Result, Server};
use pingora::proxy::{ProxyHttp, Session, http_proxy};
use pingora::server::configuration::ServerConf;
use pingora::services::background::background_service;
use pingora::services::listening::Service;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TRIES: usize = 3;
/// What another backend may do better.
const RETRIED: [u16; 4] = [500, 502, 503, 504];

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
    /// How long a backend may send nothing, in milliseconds
    #[arg(long, default_value_t = 5000)]
    read_timeout_ms: u64,
    /// What the active checks ask for
    #[arg(long, default_value = "/")]
    check_path: String,
    /// From one check to the next, in milliseconds
    #[arg(long, default_value_t = 2000)]
    check_ms: u64,
}

struct Balancer {
    backends: Arc<LoadBalancer<RoundRobin>>,
    h2_upstream: bool,
    read_timeout: Duration,
}

/// The backends that this request has been sent to.
#[derive(Default)]
struct Tries(Vec<Backend>);

impl Tries {
    fn left(&self) -> bool {
        self.0.len() < TRIES
    }
}

#[async_trait]
impl ProxyHttp for Balancer {
    type CTX = Tries;

    fn new_ctx(&self) -> Tries {
        Tries::default()
    }

    async fn upstream_peer(&self, _: &mut Session, tries: &mut Tries) -> Result<Box<HttpPeer>> {
        let fresh = |backend: &Backend, healthy| healthy && !tries.0.contains(backend);
        let backend = self
            .backends
            .select_with(b"", 256, fresh)
            .or_else(|| self.backends.select(b"", 256))
            .ok_or_else(|| Error::new(ErrorType::ConnectNoRoute))?;
        tries.0.push(backend.clone());
        let mut peer = HttpPeer::new(backend, false, String::new());
        peer.options.connection_timeout = Some(Duration::from_millis(500));
        peer.options.read_timeout = Some(self.read_timeout);
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
        error.set_retry(tries.left());
        error
    }

    /// An error answer counts as an error where another backend may be asked.
    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        tries: &mut Tries,
    ) -> Result<()> {
        let status = response.status.as_u16();
        let again = session.req_header().method.is_idempotent() && tries.left();
        if again && RETRIED.contains(&status) {
            return Err(Error::new(ErrorType::HTTPStatus(status)));
        }
        Ok(())
    }

    /// After the connection stands, only what may run twice is repeated, and only while the client
    /// has had nothing of an answer.
    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        tries: &mut Tries,
        _: bool,
    ) -> Box<Error> {
        let safe = session.req_header().method.is_idempotent()
            && !session.as_ref().retry_buffer_truncated()
            && session.response_written().is_none();
        error.set_retry(safe && tries.left());
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
        let mut check = HttpHealthCheck::new("bench", false);
        check.req.set_uri(arguments.check_path.parse()?);
        backends.set_health_check(Box::new(check));
        backends.health_check_frequency = Some(Duration::from_millis(arguments.check_ms));
    }
    let checks = background_service("health checks", backends);
    let mut proxy = http_proxy(
        &server.configuration,
        Balancer {
            backends: checks.task(),
            h2_upstream: arguments.h2_upstream,
            read_timeout: Duration::from_millis(arguments.read_timeout_ms),
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
