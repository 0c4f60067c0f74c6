//! Starting and stopping the control plane: one thread with a runtime of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime;
use tokio::sync::{oneshot, watch as tokio_watch};

use super::admin::{self, Admin, Door, Listener};
use super::alerts::{self, post::Network};
use super::check::{Limits, Sockets, watch_recovery};
use super::dns::{DnsError, SystemResolver};
use super::{dogstatsd, follow, history, supervise, trends, watch};
use crate::config::Config;
use crate::state::Proxy;

/// Reads the configuration again and puts it in force; the error is the report for whoever asked.
/// It may block: it is called on a thread for that.
pub type Reload = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The running control plane. Dropping it stops it, too.
#[derive(Debug)]
pub struct Control {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    admin: Option<SocketAddr>,
    door: tokio_watch::Sender<Door>,
}

/// Why the control plane did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The admin address could not be opened.
    #[error("cannot listen on the admin address {address}: {source}")]
    Admin {
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// No DNS resolver could be set up.
    #[error("cannot set up name resolution: {0}")]
    Resolver(#[source] DnsError),
    /// The runtime or its thread could not be started.
    #[error("cannot start the control thread: {0}")]
    Thread(#[source] io::Error),
}

/// Starts checks, name resolution, recovery, the admin API and everything else that is not on a
/// request's way, on a thread of its own. Workers never wait for it.
///
/// # Errors
///
/// If the admin address cannot be opened, or the thread cannot be started. Nothing is left running.
pub fn start(proxy: Arc<Proxy>, reload: Reload) -> Result<Control, StartError> {
    let listener = open_admin(&proxy.config())?;
    let control = start_with(proxy, reload, listener)?;
    control.open_admin();
    Ok(control)
}

/// Opens the address of the admin API, if there is one.
///
/// # Errors
///
/// If it cannot be opened.
pub(crate) fn open_admin(config: &Config) -> Result<Option<Listener>, StartError> {
    let Some(admin) = &config.admin else {
        return Ok(None);
    };
    let address = admin.address;
    let listener =
        Listener::bind(address).map_err(|source| StartError::Admin { address, source })?;
    Ok(Some(listener))
}

/// The same as [`start`], but the admin API listens at `listener`, and nobody is let in before [`Control::open_admin`].
pub(crate) fn start_with(
    proxy: Arc<Proxy>,
    reload: Reload,
    listener: Option<Listener>,
) -> Result<Control, StartError> {
    let address = listener.as_ref().map(Listener::address);
    let (door, at_door) = tokio_watch::channel(Door::Shut);
    let resolver = SystemResolver::from_system().map_err(StartError::Resolver)?;
    let resolver = Arc::new(resolver);
    let post = Arc::new(Network(Arc::clone(&resolver)));
    proxy.alerts.set_post(Arc::clone(&post));
    let (stop, stopped) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        // For a config that is compared, for one look into the journal, for one at everything that the dashboard shows, for
        // what alerts are sent with and for what DogStatsD is told, one at a time each, and for metrics.
        .max_blocking_threads(6)
        .build()
        .map_err(StartError::Thread)?;
    let thread = std::thread::Builder::new()
        .name("soe503-control".into())
        .spawn(move || {
            runtime.block_on(async {
                let told = proxy.alerts.clone();
                let telling = dogstatsd::start(Arc::clone(&proxy), Arc::clone(&resolver));
                let served = listener.map(|listener| {
                    let admin = Admin::new(Arc::clone(&proxy), listener.address(), reload);
                    (admin, listener)
                });
                tokio::select! {
                    // An error means that the handle is gone: stop as well.
                    _ = stopped => {}
                    () = run(proxy, resolver, Arc::clone(&post), served, at_door) => {}
                }
                tokio::join!(alerts::flush(&told, &post), telling.end());
            });
            // A reload that still reads its file is not waited for.
            runtime.shutdown_background();
        })
        .map_err(StartError::Thread)?;
    Ok(Control {
        stop: Some(stop),
        thread: Some(thread),
        admin: address,
        door,
    })
}

async fn run(
    proxy: Arc<Proxy>,
    resolver: Arc<SystemResolver>,
    post: Arc<Network<SystemResolver>>,
    served: Option<(Admin, Listener)>,
    door: tokio_watch::Receiver<Door>,
) {
    let prober = Arc::new(Sockets);
    let limits = Limits::default();
    tokio::join!(
        supervise::supervise(
            Arc::clone(&proxy),
            resolver,
            Arc::clone(&prober),
            limits.clone()
        ),
        watch_recovery(Arc::clone(&proxy), prober, limits),
        watch::reopen_on_signal(Arc::clone(&proxy)),
        follow::follow(Arc::clone(&proxy)),
        trends::run(Arc::clone(&proxy)),
        history::run(Arc::clone(&proxy)),
        alerts::run(proxy.alerts.clone(), post),
        watch::watch(proxy),
        async {
            if let Some((admin, listener)) = served {
                admin::serve(admin, listener, door).await;
            }
        },
    );
}

// === impl Control ===

impl Control {
    /// Where the admin API listens, if it does.
    pub const fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Lets requests for the admin API in.
    pub(crate) fn open_admin(&self) {
        self.door.send_replace(Door::Open);
    }

    /// Lets no further ones in: another process has the address by now. What is being answered is finished.
    pub(crate) fn leave_admin(&self) {
        self.door.send_replace(Door::Left);
    }

    /// Ends everything and waits for it.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that it has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the control thread panicked");
        }
    }
}
