//! What the process is told from outside: SIGTERM and SIGINT end it, SIGHUP reloads the config, and so does a change of the
//! file where that is wanted. A process that has taken over ends it like SIGTERM.

use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinError;
use tokio::time::{sleep, timeout};

use crate::config_file::ConfigFile;
use crate::handover::notify::{self, Moment};
use crate::run::Running;

/// For how long the thread that has started everything is kept for more to do.
///
/// Reading a config, and building what it says, needs about as much memory for a moment as what is built. What a
/// thread has freed, the allocator keeps for it, until the thread ends. So this is no work for the main
/// thread, which then waits for ever. (Reading it again has a thread of its own: `aside.rs`.)
const KEPT: Duration = Duration::from_millis(100);
/// How long whoever is told to end while it starts goes on starting. From the moment when it serves, the rest takes no time, and
/// then it finishes what is in flight; before that there is nothing to finish.
const STARTING: Duration = Duration::from_secs(2);

/// The signals that are heeded. From when this is made none of them ends the process by itself.
struct Signals {
    end: End,
    hangup: Signal,
}

struct End {
    terminate: Signal,
    interrupt: Signal,
}

/// Starts, and serves until SIGTERM or SIGINT; then finishes what is in flight. Told so while it starts, it ends as well.
///
/// A second signal of the kind ends the wait at once: that for whoever asks `/readyz` (`drain_delay`), or else that for what is in
/// flight (`shutdown_grace`).
///
/// # Errors
///
/// Those of `start`, and if signals cannot be received.
pub fn serve_until_told<E>(
    start: impl FnOnce() -> Result<Running, E> + Send + 'static,
) -> Result<(), E>
where
    E: From<anyhow::Error> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_name("starter")
        .thread_keep_alive(KEPT)
        .build()
        .context("cannot start")?;
    let told = runtime.block_on(async {
        // Before anybody can be served: none of those is to be cut off.
        let mut signals = Signals::received().context("cannot receive signals")?;
        let mut starting = tokio::task::spawn_blocking(start);
        let (running, ended) = tokio::select! {
            started = &mut starting => (done(started)?, false),
            () = signals.end.told() => match timeout(STARTING, starting).await {
                Ok(started) => (done(started)?, true),
                Err(_still_starting) => return Ok(()),
            },
        };
        serve(running, signals, ended).await.map_err(E::from)
    });
    // Not waiting for the drain, if that was the second signal's wish.
    runtime.shutdown_background();
    told
}

fn done<E: From<anyhow::Error>>(
    started: Result<Result<Running, E>, JoinError>,
) -> Result<Running, E> {
    started.context("starting ended early")?
}

/// `ended`: it was told to end already.
async fn serve(running: Running, mut signals: Signals, ended: bool) -> anyhow::Result<()> {
    if ended {
        notify::tell(Moment::Stopping(running.takes_to_end()));
    } else {
        notify::tell(Moment::Ready);
        until_told(&running, &mut signals).await?;
    }
    let running = until_noticed(running, &mut signals).await?;
    tracing::info!("draining: finishing what is in flight");
    let drained = tokio::task::spawn_blocking(move || running.shutdown());
    tokio::select! {
        drained = drained => drained?,
        () = signals.end.told() => tracing::warn!("told again: not waiting any longer"),
    }
    Ok(())
}

/// Serves on until whoever asks whether it is ready has had the time to notice that it no longer is.
async fn until_noticed(mut running: Running, signals: &mut Signals) -> anyhow::Result<Running> {
    let announced = tokio::task::spawn_blocking(move || {
        let delay = running.announce_end();
        (running, delay)
    });
    let (running, delay) = announced.await?;
    if !delay.is_zero() {
        tracing::info!(
            ?delay,
            "draining: not ready from now on; the listeners close after `drain_delay`, or when told again"
        );
        tokio::select! {
            () = sleep(delay) => {}
            () = signals.end.told() => tracing::warn!("told again: closing the listeners now"),
        }
    }
    Ok(running)
}

/// Reloads as often as it is asked to, until it is told to end or another process has taken over.
async fn until_told(running: &Running, signals: &mut Signals) -> anyhow::Result<()> {
    let mut file = ConfigFile::new(running.file());
    let mut replaced = pin!(running.replaced());
    loop {
        let why = tokio::select! {
            () = signals.end.told() => {
                notify::tell(Moment::Stopping(running.takes_to_end()));
                return Ok(());
            }
            process = &mut replaced => {
                notify::tell(Moment::Replaced(process));
                return Ok(());
            }
            _ = signals.hangup.recv() => {
                file.is_read().await;
                "told to"
            },
            () = file.changed(|| running.follows_config()) => "the file has changed",
        };
        notify::tell(Moment::Reloading);
        let reloaded = running.reload().await;
        notify::tell(Moment::Ready);
        match reloaded {
            Ok(()) => tracing::info!(why, "configuration reloaded"),
            Err(error) => tracing::error!(
                "configuration not reloaded ({why}), the old one stays in force\n{error}"
            ),
        }
    }
}

// === impl Signals ===

impl Signals {
    fn received() -> std::io::Result<Self> {
        let end = End {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        let hangup = signal(SignalKind::hangup())?;
        Ok(Self { end, hangup })
    }
}

impl End {
    /// Resolves when the process is told to end.
    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
