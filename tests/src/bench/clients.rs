//! Closed loops of clients, for a while.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

/// Who is asked, by how many, and for how long.
#[derive(Clone, Copy, Debug, Args)]
pub struct Load {
    /// Address of the server
    #[arg(long)]
    pub target: SocketAddr,
    /// Clients, each with one connection at a time
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// How long, in seconds
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Exchanges that went well.
    pub done: u64,
    /// Clients that gave up.
    pub failed: u64,
    /// Why the first of them did.
    pub error: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

/// One client's view of the end and the count.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    until: Instant,
    tally: Rc<RefCell<Tally>>,
}

/// Runs one `client` per connection until the time is up. A client that fails is not replaced: the
/// figures of a run with failures mean nothing.
pub(super) async fn drive<F>(load: &Load, client: F) -> Tally
where
    F: AsyncFn(Counter) -> io::Result<()> + Clone + 'static,
{
    let start = Instant::now();
    let counter = Counter {
        until: start + Duration::from_secs_f64(load.seconds),
        tally: Rc::default(),
    };
    LocalSet::new()
        .run_until(async {
            let mut running = JoinSet::new();
            for _ in 0..load.connections {
                let (client, counter) = (client.clone(), counter.clone());
                running.spawn_local(async move {
                    if let Err(error) = client(counter.clone()).await {
                        counter.fail(&error);
                    }
                });
            }
            while running.join_next().await.is_some() {}
        })
        .await;
    let mut tally = counter.tally.borrow().clone();
    tally.seconds = start.elapsed().as_secs_f64();
    tally
}

// === impl Counter ===

impl Counter {
    pub(super) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    pub(super) fn count(&self) {
        self.tally.borrow_mut().done += 1;
    }

    fn fail(&self, error: &io::Error) {
        let mut tally = self.tally.borrow_mut();
        tally.failed += 1;
        tally.error.get_or_insert_with(|| error.to_string());
    }
}
