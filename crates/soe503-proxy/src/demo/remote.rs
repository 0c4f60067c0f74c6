//! The demo's remote control: kill and revive backends with curl.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::backend::Backend;

/// The backends, shared by the tour and the remote control.
pub(super) type Backends = Arc<Mutex<Vec<Backend>>>;

/// Serves `GET /`, `POST /kill/NAME` and `POST /revive/NAME`, where `NAME` may be `all`.
pub(super) async fn start(
    listener: TcpListener,
    backends: Backends,
) -> std::io::Result<SocketAddr> {
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/", get(list))
        .route("/kill/{name}", post(kill))
        .route("/revive/{name}", post(revive))
        .with_state(backends);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::warn!(%error, "the demo's remote control ended");
        }
    });
    Ok(address)
}

async fn list(State(backends): State<Backends>) -> String {
    backends.lock().await.iter().map(line).collect()
}

async fn kill(State(backends): State<Backends>, Path(name): Path<String>) -> (StatusCode, String) {
    let mut backends = backends.lock().await;
    let mut lines = String::new();
    for backend in backends
        .iter_mut()
        .filter(|b| name == "all" || b.name() == name)
    {
        backend.kill().await;
        lines += &line(backend);
    }
    found(lines, &backends)
}

async fn revive(
    State(backends): State<Backends>,
    Path(name): Path<String>,
) -> (StatusCode, String) {
    let mut backends = backends.lock().await;
    let mut lines = String::new();
    for backend in backends
        .iter_mut()
        .filter(|b| name == "all" || b.name() == name)
    {
        if let Err(error) = backend.revive().await {
            return (
                StatusCode::CONFLICT,
                format!("{} cannot come back: {error}\n", backend.name()),
            );
        }
        lines += &line(backend);
    }
    found(lines, &backends)
}

fn found(lines: String, backends: &[Backend]) -> (StatusCode, String) {
    if lines.is_empty() {
        let names: Vec<&str> = backends.iter().map(Backend::name).collect();
        return (
            StatusCode::NOT_FOUND,
            format!("no such backend; there are: {}, all\n", names.join(", ")),
        );
    }
    (StatusCode::OK, lines)
}

fn line(backend: &Backend) -> String {
    let state = if backend.is_alive() { "alive" } else { "dead" };
    format!("{} {} {state}\n", backend.name(), backend.address())
}
