//! What the process is told from outside: SIGTERM and SIGINT end it, SIGHUP reloads the config.

use tokio::signal::unix::{SignalKind, signal};

use crate::run::Running;

/// Serves until SIGTERM or SIGINT, then finishes what is in flight.
///
/// A second signal of the kind while it drains ends the wait at once.
///
/// # Errors
///
/// If signals cannot be received.
pub fn serve_until_told(running: Running) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let told = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => match running.reload() {
                    Ok(()) => tracing::info!("configuration reloaded"),
                    Err(error) => tracing::error!("configuration not reloaded, the old one stays in force\n{error}"),
                },
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
    });
    // Not waiting for the drain, if that was the second signal's wish.
    runtime.shutdown_background();
    told
}
