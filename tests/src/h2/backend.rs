//! A backend that speaks HTTP/2 with prior knowledge.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Written;

/// A running backend. Dropping it closes its port; its connections go on.
#[derive(Debug)]
pub struct H2Backend {
    address: SocketAddr,
    task: JoinHandle<()>,
    connections: Arc<AtomicUsize>,
    /// How many times the connections were told to finish.
    farewells: watch::Sender<u32>,
}

impl H2Backend {
    /// Answers each request with what `handler` returns, at most `streams` at once on a connection.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn start<H, F>(streams: u32, handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Written>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let (farewells, farewell) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, streams, handler.clone(), farewell.clone()));
            }
        });
        Ok(Self {
            address,
            task,
            connections,
            farewells,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Tells all open connections to finish what they have, with a graceful GOAWAY. New ones are
    /// accepted.
    pub fn say_goodbye(&self) {
        self.farewells.send_modify(|times| *times += 1);
    }
}

impl Drop for H2Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<H, F>(
    stream: TcpStream,
    streams: u32,
    handler: H,
    mut farewell: watch::Receiver<u32>,
) where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Written>> + Send + 'static,
{
    farewell.mark_unchanged();
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(streams)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // How a connection ends is for the one who asked to tell.
    tokio::select! {
        _ended = connection.as_mut() => return,
        _asked = farewell.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
