//! Backends that live inside the demo and can be killed.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// How long a demo backend works on a request.
const WORK: Duration = Duration::from_millis(3);

/// A backend with a name, alive or dead.
#[derive(Debug)]
pub(super) struct Backend {
    name: String,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

impl Backend {
    /// Starts a backend on `address`; port 0 picks one.
    pub(super) async fn start(name: String, address: SocketAddr) -> io::Result<Self> {
        let mut backend = Self {
            name,
            address,
            serving: None,
        };
        backend.revive().await?;
        Ok(backend)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn is_alive(&self) -> bool {
        self.serving.is_some()
    }

    /// Dies as a process does under SIGKILL: the port closes, open connections are reset.
    pub(super) async fn kill(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Wait until it is gone, so that the next request meets a closed port.
            let _aborted = serving.await;
        }
    }

    /// Comes back on the same port.
    pub(super) async fn revive(&mut self) -> io::Result<()> {
        if self.is_alive() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.address).await?;
        self.address = listener.local_addr()?;
        self.serving = Some(tokio::spawn(serve(listener, self.name.clone())));
        Ok(())
    }
}

async fn serve(listener: TcpListener, name: String) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _peer)) = accepted {
                    connections.spawn(connection(stream, name.clone()));
                }
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, name: String) {
    if socket2::SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .is_err()
    {
        return;
    }
    let service = service_fn(move |request: Request<Incoming>| answer(request, name.clone()));
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    name: String,
) -> Result<Response<Full<Bytes>>, Infallible> {
    tokio::time::sleep(WORK).await;
    let text = format!(
        "hello from {name}: {} {}\n",
        request.method(),
        request.uri().path()
    );
    Ok(Response::new(Full::new(Bytes::from(text))))
}
