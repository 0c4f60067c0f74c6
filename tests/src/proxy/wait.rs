//! Waiting for events, and addresses that stay free meanwhile.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// No start, stop or change takes longer on a machine that works.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a change is looked for.
const GLANCE: Duration = Duration::from_millis(10);

/// Waits for something to become true.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut glance = interval(GLANCE);
    glance.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watched = async {
        while !holds().await {
            glance.tick().await;
        }
    };
    if timeout(PATIENCE, watched).await.is_err() {
        panic!("not within {} s: {what}", PATIENCE.as_secs());
    }
}

/// A loopback address that nobody uses.
///
/// Its port is below the range from which the kernel takes the local ports of outgoing
/// connections: what is closed there stays refused. No port is given twice in one process, as tests run side by side and what
/// one of them takes for nobody's must not become another's.
pub fn free_address() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = fastrand::u16(10_000..32_000);
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if !given.insert(port) {
            continue;
        }
        drop(given);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        match TcpListener::bind(address) {
            Ok(_) => return address,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => panic!("{address}: {error}"),
        }
    }
}
