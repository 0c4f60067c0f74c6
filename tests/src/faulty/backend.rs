//! The backend itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::serve::accept;
use super::{Behaviour, Fault};
use crate::http::Request;

/// What a backend has been asked so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Connections accepted.
    pub connections: u64,
    /// Requests to anything but the health path.
    pub requests: u64,
    /// Requests to the health path.
    pub health_checks: u64,
    /// Executions per `X-Load-Id`.
    pub executions: HashMap<String, u32>,
}

/// A running backend. Dropping it closes its listener and all its connections.
#[derive(Debug)]
pub struct FaultyBackend {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told about every request that was read.
    arrived: Notify,
    /// Told about every change of the behaviour.
    changed: Notify,
    /// It is to end.
    ended: Notify,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    counts: Counts,
    last: Option<Request>,
    ledger: Option<File>,
}

// === impl FaultyBackend ===

impl FaultyBackend {
    /// Starts a backend on a free loopback port.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), behaviour, None).await
    }

    /// Starts a backend at `address`; each execution adds a line `METHOD ID` to `ledger`, which
    /// outlives the process.
    pub async fn listen(
        address: SocketAddr,
        behaviour: Behaviour,
        ledger: Option<File>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                behaviour,
                counts: Counts::default(),
                last: None,
                ledger,
            }),
            arrived: Notify::new(),
            changed: Notify::new(),
            ended: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how the next requests are treated.
    pub fn set(&self, behaviour: Behaviour) {
        self.shared.lock().behaviour = behaviour;
        self.shared.changed.notify_waiters();
    }

    /// How requests are treated.
    pub fn behaviour(&self) -> Behaviour {
        self.shared.lock().behaviour
    }

    /// What it has been asked so far.
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts.clone()
    }

    /// Ends it as a killed process ends: from now on its address refuses connections.
    pub async fn stop(mut self) {
        self.shared.ended.notify_one();
        // Only when the task is gone are its sockets, and those of its connections.
        let _ = (&mut self.accepting).await;
    }

    /// The last request that it has read (health checks apart).
    pub fn last(&self) -> Option<Request> {
        self.shared.lock().last.clone()
    }

    /// Waits until it has read this many requests (health checks apart).
    pub async fn received(&self, requests: u64) {
        loop {
            let arrived = self.shared.arrived.notified();
            if self.shared.lock().counts.requests >= requests {
                return;
            }
            arrived.await;
        }
    }
}

impl Drop for FaultyBackend {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

// === impl Shared ===

impl Shared {
    /// Resolves when the backend is to end.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection.
    pub(super) fn connected(&self) {
        self.lock().counts.connections += 1;
    }

    /// Counts the request and says what is to happen to it. A request for `/status/404` gets that.
    pub(super) fn execute(&self, request: &Request) -> (Fault, Duration) {
        let mut state = self.lock();
        let behaviour = state.behaviour;
        if request.target == "/healthz" {
            state.counts.health_checks += 1;
            return (behaviour.health, Duration::ZERO);
        }
        state.counts.requests += 1;
        state.last = Some(request.clone());
        if let Some(id) = request.header("x-load-id") {
            *state.counts.executions.entry(id.to_owned()).or_default() += 1;
            if let Some(ledger) = &mut state.ledger {
                // One write per line: the lines of a killed process are whole.
                let line = format!("{} {id}\n", request.method);
                if let Err(error) = ledger.write_all(line.as_bytes()) {
                    eprintln!("soe503-faulty: the ledger cannot be written: {error}");
                    std::process::exit(1);
                }
            }
        }
        drop(state);
        self.arrived.notify_waiters();
        let asked = request.target.strip_prefix("/status/");
        let fault = asked.and_then(|status| Some(Fault::Status(status.parse().ok()?)));
        (fault.unwrap_or(behaviour.traffic), behaviour.delay)
    }

    /// Waits until it is to do something.
    pub(super) async fn released(&self) -> Fault {
        loop {
            let changed = self.changed.notified();
            let fault = self.lock().behaviour.traffic;
            if fault != Fault::Hold {
                return fault;
            }
            changed.await;
        }
    }
}
