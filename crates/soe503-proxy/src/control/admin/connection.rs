//! One connection to the admin API: the handshake, if there is TLS, and requests.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, watch};
use tower_service::Service;

use super::secured::Secured;
use super::serve::Door;
use crate::state::Access;
use crate::tls::ServerTls;

/// How long a request's head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest life of a connection, keep-alive included.
const LIFETIME: Duration = Duration::from_secs(600);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// A connection that was accepted, and nothing more.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    pub(super) access: Arc<Access>,
    /// Places for handshakes.
    pub(super) shaking: Arc<Semaphore>,
    pub(super) door: watch::Receiver<Door>,
}

/// Closes the connection that a request came on, whatever it is doing. An extension of each request.
#[derive(Clone, Debug, Default)]
pub(super) struct HangUp(Arc<Notify>);

/// What ends a connection early.
struct Ends {
    /// Requests are another process's.
    door: watch::Receiver<Door>,
    /// Whoever is there has to come again.
    renewals: watch::Receiver<u64>,
}

// === impl Connection ===

impl Connection {
    /// Serves it to its end.
    pub(super) async fn serve(self) {
        let ends = Ends {
            door: self.door,
            // Before the handshake: what is believed in it may be another by its end.
            renewals: self.access.renewals(),
        };
        let whose = (self.peer, self.router);
        let Some(tls) = self.access.tls() else {
            converse(self.stream, whose, None, ends).await;
            return;
        };
        let Some((stream, secured)) = shake(&tls, self.stream, &self.shaking).await else {
            return;
        };
        converse(stream, whose, Some(secured), ends).await;
    }
}

/// The handshake. It has been counted, and if it failed, that has been told.
async fn shake(
    tls: &ServerTls,
    stream: TcpStream,
    places: &Semaphore,
) -> Option<(crate::tls::ServerStream, Secured)> {
    // Nobody closes the semaphore.
    let _place = places.acquire().await.ok()?;
    let (stream, handshake) = tls.accept(stream).await.ok()?;
    Some((stream, Secured::new(handshake.client.as_deref())))
}

/// Requests and answers.
async fn converse<S>(
    stream: S,
    (peer, router): (SocketAddr, Router),
    secured: Option<Secured>,
    mut ends: Ends,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let hang_up = HangUp::default();
    let asked = hang_up.clone();
    let asked_first = Arc::new(Notify::new());
    let first = Arc::clone(&asked_first);
    let at_first = ends.renewals.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        first.notify_one();
        // Its head had begun when it turned out that whoever asks has to come again.
        let late = at_first.has_changed().unwrap_or(true);
        let mut request = request.map(Body::new);
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer));
        extensions.insert(hang_up.clone());
        if let Some(secured) = &secured {
            extensions.insert(secured.clone());
        }
        // A router is always ready.
        let answered = (!late).then(|| router.clone().call(request));
        let hang_up = hang_up.clone();
        async move {
            match answered {
                Some(answered) => answered.await,
                None => {
                    hang_up.now();
                    std::future::pending().await
                }
            }
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let served = async move {
        let mut served = pin!(served);
        let Ends { door, renewals } = &mut ends;
        // Whoever has just come is answered once: he could not know that this process is not the one.
        let left = async {
            asked_first.notified().await;
            left(door).await;
        };
        // But nobody is answered who was believed for another reason than would do now.
        let renewed = async {
            if renewals.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // However it ends, it is the asker's affair.
            _ended = &mut served => return,
            () = left => {}
            () = renewed => {}
        }
        served.as_mut().graceful_shutdown();
        let _ended = served.await;
    };
    tokio::select! {
        _ended = tokio::time::timeout(LIFETIME, served) => {}
        () = asked.asked() => {}
    }
}

/// Resolves when requests are another process's.
pub(super) async fn left(door: &mut watch::Receiver<Door>) {
    if door.wait_for(|door| *door == Door::Left).await.is_err() {
        // The process ends, and whoever serves is dropped.
        std::future::pending::<()>().await;
    }
}

// === impl HangUp ===

impl HangUp {
    /// Closes it now.
    pub(super) fn now(&self) {
        self.0.notify_one();
    }

    /// Waits for somebody who wants it closed.
    pub(super) async fn asked(&self) {
        self.0.notified().await;
    }
}
