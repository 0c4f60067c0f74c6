//! What the process is told from outside: SIGTERM and SIGINT end it, SIGHUP reloads the config, and so does a change of the
//! file where that is wanted. A process that has taken over ends it like SIGTERM.

use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::config_file::ConfigFile;
use crate::handover::notify::{self, Moment};
use crate::run::Running;

/// For how long a thread that has read a config is kept for more to do.
///
/// Reading one, and building what it says, needs about as much memory for a moment as what is built. What a
/// thread has freed, the allocator keeps for it, until the thread ends. So this is no work for the main
/// thread, which then waits for ever.
const KEPT: Duration = Duration::from_millis(100);

/// Starts, and serves until SIGTERM or SIGINT; then finishes what is in flight.
///
/// A second signal of the kind while it drains ends the wait at once.
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
    let started = runtime
        .block_on(runtime.spawn_blocking(start))
        .context("starting ended early")?;
    let told = serve(&runtime, started?);
    // Not waiting for the drain, if that was the second signal's wish.
    runtime.shutdown_background();
    told.map_err(E::from)
}

fn serve(runtime: &Runtime, running: Running) -> anyhow::Result<()> {
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let mut file = ConfigFile::new(running.file());
        let mut replaced = pin!(running.replaced());
        notify::tell(Moment::Ready);
        loop {
            let why = tokio::select! {
                _ = terminate.recv() => {
                    notify::tell(Moment::Stopping);
                    break;
                }
                _ = interrupt.recv() => {
                    notify::tell(Moment::Stopping);
                    break;
                }
                process = &mut replaced => {
                    notify::tell(Moment::Replaced(process));
                    break;
                }
                _ = hangup.recv() => {
                    file.is_read().await;
                    "told to"
                },
                () = file.changed(|| running.follows_config()) => "the file has changed",
            };
            notify::tell(Moment::Reloading);
            let reloaded = tokio::task::spawn_blocking(running.reloader()).await?;
            notify::tell(Moment::Ready);
            match reloaded {
                Ok(()) => tracing::info!(why, "configuration reloaded"),
                Err(error) => tracing::error!(
                    "configuration not reloaded ({why}), the old one stays in force\n{error}"
                ),
            }
        }
        tracing::info!("draining: finishing what is in flight");
        let drained = tokio::task::spawn_blocking(move || running.shutdown());
        tokio::select! {
            drained = drained => drained?,
            _ = terminate.recv() => tracing::warn!("told again: not waiting any longer"),
            _ = interrupt.recv() => tracing::warn!("told again: not waiting any longer"),
        }
        Ok(())
    })
}
