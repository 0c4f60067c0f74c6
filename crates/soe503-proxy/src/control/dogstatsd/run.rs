//! When it is told: every `interval`, before another configuration holds, and at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until, timeout};

use super::counts::Lost;
use super::environment::Environment;
use super::lines::{self, Naming};
use super::outlet::Outlet;
use super::packets::Packets;
use super::told::Told;
use crate::config::{Dogstatsd, StatsdAddress};
use crate::control::dns::Resolve;
use crate::control::metrics;
use crate::state::Proxy;

/// The longest that a server that does not read is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest that the end of the process waits.
const LAST: Duration = Duration::from_secs(2);

/// The task, for whoever ends it.
#[derive(Debug)]
pub(in crate::control) struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What is told to one server.
struct Teller<R> {
    settings: Dogstatsd,
    naming: Arc<Naming>,
    outlet: Outlet<R>,
    /// What the server knows; `None`: what was counted so far is not for it.
    told: Option<Told>,
    due: Instant,
}

/// Tells the server of the configuration in force, if there is one, until it is ended.
pub(in crate::control) fn start<R: Resolve>(proxy: Arc<Proxy>, resolver: Arc<R>) -> Running {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(proxy, resolver, stopped));
    Running { stop, task }
}

// === impl Running ===

impl Running {
    /// Has it tell the last values, within a bound, and end.
    pub(in crate::control) async fn end(mut self) {
        // An error means that it has ended.
        let _ = self.stop.send(true);
        match timeout(LAST, &mut self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "dogstatsd: the task ended by itself"),
            Err(_) => {
                self.task.abort();
                tracing::warn!("dogstatsd: the last values could not be sent in time");
            }
        }
    }
}

async fn run<R: Resolve>(proxy: Arc<Proxy>, resolver: Arc<R>, mut stopped: watch::Receiver<bool>) {
    let mut generation = proxy.generation();
    generation.borrow_and_update();
    let wanted = proxy.config().dogstatsd.clone();
    // Everything since the start of the process is for it.
    let first =
        wanted.map(|settings| Teller::new(settings, &proxy, &resolver, Some(Told::default())));
    let mut teller = first;
    loop {
        tokio::select! {
            () = ordered(&mut stopped) => break,
            changed = generation.changed() => {
                if changed.is_err() {
                    return;
                }
                let wanted = proxy.config().dogstatsd.clone();
                teller = follow(teller, wanted, &proxy, &resolver).await;
            }
            () = due(teller.as_ref()) => {
                if let Some(teller) = &mut teller {
                    teller.tell(&proxy).await;
                }
            }
        }
    }
    if let Some(mut teller) = teller {
        teller.tell(&proxy).await;
    }
}

/// Waits for the end, or for whoever would order it to be gone.
async fn ordered(stopped: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Until it is time; for ever if there is nobody.
async fn due<R>(teller: Option<&Teller<R>>) {
    match teller {
        Some(teller) => sleep_until(teller.due).await,
        None => std::future::pending().await,
    }
}

/// Another configuration is in force. What was counted until now belongs to the server of the old one.
async fn follow<R: Resolve>(
    teller: Option<Teller<R>>,
    wanted: Option<Dogstatsd>,
    proxy: &Arc<Proxy>,
    resolver: &Arc<R>,
) -> Option<Teller<R>> {
    let told = match teller {
        Some(teller) if wanted.as_ref() == Some(&teller.settings) => return Some(teller),
        Some(mut teller) => {
            teller.tell(proxy).await;
            teller.told
        }
        None => None,
    };
    let mut teller = Teller::new(wanted?, proxy, resolver, told);
    if teller.told.is_none() {
        teller.note(proxy).await;
    }
    Some(teller)
}

// === impl Teller ===

impl<R: Resolve> Teller<R> {
    fn new(settings: Dogstatsd, proxy: &Proxy, resolver: &Arc<R>, told: Option<Told>) -> Self {
        let environment = Environment::of_process();
        if let (None, Some((name, why))) = (&settings.address, &environment.wrong) {
            tracing::warn!("dogstatsd: {name} cannot be used: {why}");
        }
        let local = StatsdAddress::Udp(([127, 0, 0, 1], StatsdAddress::PORT).into());
        let address = settings.address.clone().or(environment.address);
        let version = env!("CARGO_PKG_VERSION");
        let naming = Naming::new(&settings, &proxy.server_name, version, &environment.tags);
        Self {
            naming: Arc::new(naming),
            outlet: Outlet::new(address.unwrap_or(local), Arc::clone(resolver)),
            told,
            due: Instant::now() + settings.interval,
            settings,
        }
    }

    /// Sends what there is to tell, and says when the next time is.
    async fn tell(&mut self, proxy: &Arc<Proxy>) {
        self.due = Instant::now() + self.settings.interval;
        let (packets, too_long) = self.made(proxy).await.finish();
        proxy.dogstatsd.lose(Lost::TooLong, too_long);
        let until = Instant::now() + PATIENCE;
        self.outlet.send(&packets, &proxy.dogstatsd, until).await;
    }

    /// Takes note of what was counted, and tells nobody.
    async fn note(&mut self, proxy: &Arc<Proxy>) {
        let _unsent = self.made(proxy).await;
    }

    /// Makes packets of everything, on a thread of its own: with 10,000 backends it takes a while, and checks shall not wait.
    async fn made(&mut self, proxy: &Arc<Proxy>) -> Packets {
        let limit = self.outlet.limit();
        let (told, naming, proxy) = (
            self.told.take(),
            Arc::clone(&self.naming),
            Arc::clone(proxy),
        );
        let made = spawn_blocking(move || {
            let mut packets = Packets::of(limit);
            let noting = told.is_none();
            let mut told = told.unwrap_or_default();
            told.begin(noting);
            lines::put(&metrics::gather(&proxy), &naming, &mut told, &mut packets);
            told.end();
            (told, packets)
        });
        match made.await {
            Ok((told, packets)) => {
                self.told = Some(told);
                packets
            }
            Err(error) => {
                tracing::error!(%error, "dogstatsd: the packets could not be made");
                Packets::of(limit)
            }
        }
    }
}
