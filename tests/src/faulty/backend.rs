//! The backend itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::serve::accept;
use super::slots::Slots;
use super::{Behaviour, Door, Fault};
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

/// What a backend is from its start to its end.
#[derive(Debug)]
pub struct Nature {
    /// Each execution adds a line `METHOD ID` here; the file outlives the process.
    pub ledger: Option<File>,
    /// So many requests are worked on at once, and the others wait; without it, all of them.
    pub slots: Option<usize>,
    /// The size of its answers.
    pub body_bytes: usize,
    /// What it calls itself in `Server`.
    pub server: Option<&'static str>,
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
    /// Who is to be let in.
    door: watch::Sender<Door>,
    /// Who is let in already.
    in_force: watch::Sender<Door>,
    /// It is to end.
    ended: Notify,
    slots: Option<Slots>,
    pub(super) body_bytes: usize,
    pub(super) server: Option<&'static str>,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    counts: Counts,
    last: Option<Request>,
    ledger: Option<File>,
}

// === impl Nature ===

impl Default for Nature {
    fn default() -> Self {
        Self {
            ledger: None,
            slots: None,
            body_bytes: 1024,
            server: None,
        }
    }
}

// === impl FaultyBackend ===

impl FaultyBackend {
    /// Starts a backend on a free loopback port.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::listen(address, behaviour, Nature::default()).await
    }

    /// Starts a backend at `address`.
    pub async fn listen(
        address: SocketAddr,
        behaviour: Behaviour,
        nature: Nature,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                behaviour,
                counts: Counts::default(),
                last: None,
                ledger: nature.ledger,
            }),
            arrived: Notify::new(),
            changed: Notify::new(),
            door: watch::Sender::new(Door::Open),
            in_force: watch::Sender::new(Door::Open),
            ended: Notify::new(),
            slots: nature.slots.map(Slots::new),
            body_bytes: nature.body_bytes,
            server: nature.server,
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
        self.shared.lock().behaviour.clone()
    }

    /// Changes who is let in. Returns when it is so.
    pub async fn set_door(&self, door: Door) {
        self.shared.door.send_replace(door);
        let mut in_force = self.shared.in_force.subscribe();
        // The other end is this backend's own.
        let _ = in_force.wait_for(|now| *now == door).await;
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
        let behaviour = state.behaviour.clone();
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
                    eprintln!("soe503-tools: the ledger cannot be written: {error}");
                    std::process::exit(1);
                }
            }
        }
        drop(state);
        self.arrived.notify_waiters();
        let asked = request.target.strip_prefix("/status/");
        let fault = asked.and_then(|status| Some(Fault::Status(status.parse().ok()?)));
        let fault = fault.unwrap_or_else(|| behaviour.meets(request));
        (fault, behaviour.delay)
    }

    /// Works on a request for so long, when it is its turn.
    pub(super) async fn work(&self, lasts: Duration) {
        match &self.slots {
            Some(slots) => slots.work(lasts).await,
            None if lasts.is_zero() => {}
            None => tokio::time::sleep(lasts).await,
        }
    }

    /// Who is let in, and every change of that.
    pub(super) fn door(&self) -> watch::Receiver<Door> {
        self.door.subscribe()
    }

    /// The door is like this now.
    pub(super) fn door_is(&self, door: Door) {
        self.in_force.send_replace(door);
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
