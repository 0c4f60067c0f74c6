//! The running proxy: workers, control plane, reload and shutdown.

mod ending;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::config::{self, Config, Listener};
use crate::control::event_log::EventLog;
use crate::control::{self, Control, access_log, recorder};
pub use crate::fixed::Fixed;
use crate::front::{self, Front, Route, Routes, StackParts};
use crate::handover::{Entrance, Offered, Shared as SharedSockets, Takeover};
use crate::listen::{Admission, Drain, Server, Spares};
pub use crate::opening::Origin;
use crate::opening::{self, Opened};
pub use crate::run_errors::{ReloadError, StartError};
use crate::state::Proxy;
use crate::worker::{self, WorkerListener};

/// A proxy that serves. Dropping it without [`Running::shutdown`] leaves its threads running.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<io::Result<()>>>,
    control: Control,
    access_log: Option<access_log::Writer>,
    drain: Drain,
    /// Where a successor asks, if one may.
    entrance: Option<Entrance>,
}

/// A listener that does not accept yet.
#[derive(Debug)]
struct Closed {
    /// Without a place in it, nothing is accepted.
    room: Arc<Semaphore>,
    places: usize,
    shared: SharedSockets,
    /// Whether it stays so.
    for_good: bool,
}

/// What a reload needs; the admin API holds it too.
#[derive(Debug)]
struct Shared {
    proxy: Arc<Proxy>,
    /// Every worker's front of every listener, in the listeners' order.
    fronts: Vec<(usize, Arc<Front>)>,
    /// How each listener serves, in their order.
    servers: Vec<Arc<ArcSwap<Server>>>,
    file: Option<PathBuf>,
    /// One reload at a time.
    reloading: Mutex<()>,
}

impl Running {
    /// Starts workers and control plane. `file` is read again by a reload.
    ///
    /// # Errors
    ///
    /// If an address cannot be opened or a thread cannot be started. Nothing is left running.
    pub fn start(config: Config, file: Option<&Path>) -> Result<Self, StartError> {
        Self::start_from(config, file, Origin::default())
    }

    /// The same, with listening sockets that were there before. Where a process is replaced, it serves until this one
    /// is ready, and is told then.
    ///
    /// # Errors
    ///
    /// As for [`Running::start`]; if a socket is left over, or the other process cannot be replaced. That one serves on.
    pub fn start_from(
        config: Config,
        file: Option<&Path>,
        origin: Origin,
    ) -> Result<Self, StartError> {
        let event_log = EventLog::of_process();
        let prepared = event_log.prepare(&config.log);
        let prepared = prepared.map_err(StartError::EventLog)?;
        event_log.follow(&config.log, prepared);
        let (log, writer) = open_access_log(&config.access_log).map_err(StartError::AccessLog)?;
        let (journal, failures) = control::journal::feed(config.server.name.shared());
        let recorder =
            recorder::Recorder::with_journal(recorder::Settings::default(), Some(failures));
        let workers = config.server.workers.get();
        let opened = opening::open(&config, origin)?;
        let mut proxy = Proxy::new(config, recorder, log);
        proxy.log = event_log;
        proxy.incidents.keep_in(journal.clone());
        proxy.journal = journal;
        proxy.config_file = file.map(Path::to_owned);
        let proxy = Arc::new(proxy);
        let config = proxy.config();

        let spares = Spares::new();
        let (mut servers, mut fronts) = (Vec::new(), Vec::new());
        let mut closed = Vec::new();
        let mut per_worker: Vec<Vec<WorkerListener>> = (0..workers).map(|_| Vec::new()).collect();
        let Opened {
            listeners,
            admin,
            entrance,
            takeover,
        } = opened;
        for (index, (listener, open)) in config.listeners.iter().zip(listeners).enumerate() {
            let room = Arc::new(Semaphore::new(0));
            closed.push(Closed {
                room: Arc::clone(&room),
                places: listener.limits.max_connections.get(),
                shared: open.shared.clone(),
                for_good: open.for_good,
            });
            let (address, inherited) = (listener.address, open.inherited);
            tracing::debug!(%address, inherited, "open");
            let server = Arc::new(ArcSwap::from_pointee(server(&proxy, index, listener)));
            servers.push(Arc::clone(&server));
            let admission = Arc::new(Admission::new(listener));
            for (sockets, mine) in open.per_worker.into_iter().zip(&mut per_worker) {
                let routes = routes(&proxy, &config, listener);
                let front = Arc::new(Front::new(
                    Arc::clone(&proxy),
                    routes,
                    listener,
                    Arc::clone(&admission),
                ));
                fronts.push((index, Arc::clone(&front)));
                mine.extend(sockets.into_iter().map(|socket| WorkerListener {
                    socket,
                    server: Arc::clone(&server),
                    front: Arc::clone(&front),
                    room: Arc::clone(&room),
                    spares: Arc::clone(&spares),
                    shared: open.shared.clone(),
                }));
            }
        }
        let file = file.map(Path::to_owned);
        let shared = Arc::new(Shared {
            proxy: Arc::clone(&proxy),
            fronts,
            servers,
            file,
            reloading: Mutex::new(()),
        });
        let reload = Arc::clone(&shared);
        let control = control::start_with(
            Arc::clone(&proxy),
            Box::new(move || reload.reload().map_err(|error| error.to_string())),
            admin,
        )
        .map_err(StartError::Control)?;

        let drain = Drain::default();
        let grace = config.server.shutdown_grace;
        // Before the first request.
        trace(&proxy, &config);
        let mut running = Self {
            shared,
            workers: Vec::new(),
            control,
            access_log: writer,
            drain,
            entrance: None,
        };
        for (number, listeners) in per_worker.into_iter().enumerate() {
            match worker::start(number, listeners, running.drain.clone(), grace) {
                Ok(worker) => running.workers.push(worker),
                Err(error) => {
                    running.shutdown();
                    return Err(StartError::Worker(error));
                }
            }
        }
        warn_of(&config);
        match running.accept(&closed, entrance, takeover) {
            Ok(()) => Ok(running),
            Err(error) => {
                running.shutdown();
                Err(error)
            }
        }
    }

    /// Accepts from now on: once the process that is replaced, if there is one, agrees.
    fn accept(
        &mut self,
        closed: &[Closed],
        mut entrance: Option<(Entrance, Vec<Offered>)>,
        mut takeover: Option<(Takeover, Vec<usize>)>,
    ) -> Result<(), StartError> {
        let proxy = Arc::clone(&self.shared.proxy);
        let config = proxy.config();
        if let Some((old, unused)) = &mut takeover {
            let agreed = old
                .wait(|| control::ready_to_replace(&proxy))
                .and_then(|()| old.ready(std::mem::take(unused)));
            if let Err(why) = agreed {
                old.failed(&why);
                return Err(StartError::Upgrade(why));
            }
        }
        if takeover.is_none() {
            self.entrance = opening::open_entrance(entrance.take(), true, &config)?;
        }
        // From now on our journal is asked for, though the old process may have it a while yet.
        keep_journal(&proxy, &config);
        for listener in closed {
            listener.shared.set(listener.for_good);
            listener.room.add_permits(listener.places);
        }
        proxy.set_accepting();
        self.control.open_admin();
        if let Some((old, _)) = takeover {
            old.serving();
            // Not before: if we end here, the old process has to be found by the next one.
            self.entrance = opening::open_entrance(entrance, false, &config)?;
        }
        let workers = config.server.workers;
        for listener in config.listeners.iter() {
            tracing::info!(address = %listener.address, workers, "listening");
        }
        Ok(())
    }

    /// Reads the file again and puts it in force, or leaves everything as it is ([`ReloadError`]), on a thread of its own: whoever
    /// no longer waits for it does not stop it.
    pub fn reload(&self) -> impl Future<Output = Result<(), ReloadError>> + use<> {
        let shared = Arc::clone(&self.shared);
        let reloaded = self.shared.proxy.aside.run(move || shared.reload());
        async { reloaded.await.unwrap_or(Err(ReloadError::Panicked)) }
    }

    /// The config file, if there is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.shared.file.clone()
    }

    /// Whether a change of the file is to be put in force.
    pub(crate) fn follows_config(&self) -> bool {
        self.shared.proxy.config().server.follow_config
    }

    /// Resolves with its process id when another process has taken over.
    pub(crate) fn replaced(&self) -> impl Future<Output = u32> + use<> {
        let replaced = self.entrance.as_ref().map(Entrance::replaced);
        async move {
            match replaced {
                Some(replaced) => replaced.await,
                None => std::future::pending().await,
            }
        }
    }
}

impl Shared {
    fn reload(&self) -> Result<(), ReloadError> {
        let _one = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let result = self.replace();
        let reloads = &self.proxy.reloads;
        let counter = if result.is_ok() {
            &reloads.applied
        } else {
            &reloads.refused
        };
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        result
    }

    fn replace(&self) -> Result<(), ReloadError> {
        let file = self.file.as_deref().ok_or(ReloadError::NoFile)?;
        let config = config::load(file).map_err(|report| ReloadError::Invalid(Box::new(report)))?;
        if let Some(what) = Fixed::changed(&self.proxy.config(), &config) {
            return Err(ReloadError::NeedsRestart(what));
        }
        let log = &self.proxy.log;
        // The last thing that can go wrong.
        let prepared = log.prepare(&config.log).map_err(ReloadError::EventLog)?;
        log.follow(&config.log, prepared);
        self.proxy.apply(config);
        let config = self.proxy.config();
        warn_of(&config);
        keep_journal(&self.proxy, &config);
        trace(&self.proxy, &config);
        let listeners = config.listeners.iter().enumerate();
        for (slot, (index, listener)) in self.servers.iter().zip(listeners) {
            slot.store(Arc::new(server(&self.proxy, index, listener)));
        }
        for (index, front) in &self.fronts {
            if let Some(listener) = config.listeners.get(*index) {
                front.replace_routes(routes(&self.proxy, &config, listener));
            }
        }
        Ok(())
    }
}

/// Logs what somebody should look at.
fn warn_of(config: &Config) {
    let warnings = config.warnings.iter().flat_map(|report| report.problems());
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if config.lints.warns() {
        tracing::info!(
            "the configuration sets traps: `lbctl doctor` tells them, with the values to set"
        );
    }
}

/// Begins, moves or ends the journal. Without one the proxy serves on.
fn keep_journal(proxy: &Proxy, config: &Config) {
    if let Err(error) = control::journal::follow(proxy, config.journal.as_ref()) {
        tracing::error!(%error, "the journal's thread cannot be started: nothing survives a restart");
    }
}

/// Begins, changes or ends traces. Without them the proxy serves on.
fn trace(proxy: &Proxy, config: &Config) {
    if let Err(error) = proxy
        .traces
        .configure(config.traces.as_ref(), &proxy.server_name)
    {
        tracing::error!(%error, "the thread that exports traces cannot be started: there are none");
    }
}

/// How `listener`, the one with this index, serves its clients.
fn server(proxy: &Proxy, index: usize, listener: &Listener) -> Server {
    let tls = proxy.server_tls(index);
    Server::new(&listener.limits, listener.protocols, tls)
}

/// The routes of `listener`, with a stack each.
fn routes(proxy: &Proxy, config: &Config, listener: &Listener) -> Routes {
    let pools = proxy.pools();
    let routes = config.routes.iter().filter_map(|route| {
        // A valid config has a pool for every route.
        let pool = pools.get(&*route.pool.name)?;
        let others = route.failover.iter().flat_map(|failover| &failover.pools);
        let instead: Vec<_> = others
            .filter_map(|other| pools.get(&*other.name).cloned())
            .collect();
        let parts = StackParts {
            server: &proxy.server_name,
            route,
            instead: &instead,
            explain: listener.explain,
            status: config.server.status,
            recorder: &proxy.recorder,
            incidents: &proxy.incidents,
            logged: proxy.access_log.is_on(),
            traces: &proxy.traces,
        };
        Some(Route::new(
            route,
            Arc::clone(pool),
            front::build(pool, &parts),
            proxy,
        ))
    });
    Routes::new(routes.collect())
}

fn open_access_log(
    config: &config::AccessLog,
) -> io::Result<(access_log::AccessLog, Option<access_log::Writer>)> {
    let sink = match config {
        config::AccessLog::Off => return Ok((access_log::AccessLog::off(), None)),
        config::AccessLog::Stdout => access_log::Sink::Stdout,
        config::AccessLog::Stderr => access_log::Sink::Stderr,
        config::AccessLog::File(path) => access_log::Sink::File(path.clone()),
    };
    let (log, writer) = access_log::start(sink, access_log::Options::default())?;
    Ok((log, Some(writer)))
}
