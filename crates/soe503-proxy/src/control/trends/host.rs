//! Whether the host of a backend that does not answer connects is there at all.
//!
//! A full accept queue, a filter and a host that is down look the same to whoever connects: nothing comes back. Another
//! port of the host tells the last from the others: a "no" is an answer. So the control plane asks one, once in a
//! while and only where connects wait in vain. A filter may swallow that as well, so silence proves nothing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::diagnosis::rules::Silent;
use tokio::net::TcpStream;

use crate::state::PoolState;

/// From one look at a host to the next.
const EVERY: Duration = Duration::from_secs(10);
/// A host that has not answered in this time has not answered.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many backends of a pool are looked at: those speak for the others.
const MOST: usize = 8;

/// What other ports have answered: within this time, or not at all.
type Answers = HashMap<Arc<str>, Result<Duration, ()>>;

/// What is known about the hosts of backends that do not answer.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    asked: HashMap<Arc<str>, Tick>,
    answers: Arc<Mutex<Answers>>,
}

impl Hosts {
    /// The backends of `pool` that connects wait for in vain.
    pub(super) fn silent(&self, pool: &PoolState, now: Tick) -> Vec<Silent> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let backends = pool.pool.backends();
        let silent = backends.iter().filter_map(|backend| {
            Some(Silent {
                backend: Arc::clone(&backend.name),
                since: backend.service.silent_since(now)?,
                host: answers.get(&backend.name).copied(),
            })
        });
        silent.take(MOST).collect()
    }

    /// Asks the hosts that have to be asked.
    pub(super) fn look(&mut self, pool: &PoolState, now: Tick) {
        self.asked.retain(|_, at| now.since(*at) < EVERY);
        let backends = pool.pool.backends();
        let silent = backends
            .iter()
            .filter(|backend| backend.service.silent_since(now).is_some());
        let silent: Vec<_> = silent.take(MOST).collect();
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|name, _| silent.iter().any(|backend| backend.name == *name));
        for backend in silent {
            if self.asked.contains_key(&backend.name) {
                continue;
            }
            let taken = |address| backends.iter().any(|b| b.service.address() == address);
            let Some(other) = other_port(backend.service.address(), taken) else {
                continue;
            };
            let name = Arc::clone(&backend.name);
            self.asked.insert(Arc::clone(&name), now);
            let answers = Arc::clone(&self.answers);
            // A task of its own, as the round does not wait; it ends within its patience.
            tokio::spawn(async move {
                let answer = ask(other).await;
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.insert(name, answer);
            });
        }
    }
}

/// The next port of the host that is no backend's.
fn other_port(address: SocketAddr, taken: impl Fn(SocketAddr) -> bool) -> Option<SocketAddr> {
    let after = (1..=u16::MAX - address.port()).map(|by| address.port() + by);
    let before = (1..address.port()).rev();
    let mut others = after.chain(before).map(|port| {
        let mut other = address;
        other.set_port(port);
        other
    });
    others.find(|other| !taken(*other))
}

/// How fast somebody says yes or no at `address`.
async fn ask(address: SocketAddr) -> Result<Duration, ()> {
    let began = soe503::clock::now();
    let answer = match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.raw_os_error() == Some(libc::ECONNREFUSED),
        Err(_elapsed) => false,
    };
    match answer {
        true => Ok(soe503::clock::now().since(began)),
        false => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn another_port_is_nobody_elses() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let rows: [(u16, &[u16], Option<u16>); 4] = [
            (8080, &[8080], Some(8081)),
            (8080, &[8080, 8081, 8082], Some(8083)),
            (65_535, &[65_535], Some(65_534)),
            (65_534, &[65_534, 65_535], Some(65_533)),
        ];
        for (port, taken, other) in rows {
            let found = other_port(at(port), |address| taken.contains(&address.port()));
            assert_eq!(found, other.map(at), "{port} {taken:?}");
        }
    }

    #[tokio::test]
    async fn yes_and_no_are_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(ask(address).await.is_ok());
        drop(listener);
        assert!(ask(address).await.is_ok());
    }
}
