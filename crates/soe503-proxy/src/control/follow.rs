//! Following files that hold certificates, keys and tokens: what changed on disk is put in force, without a restart and
//! without a signal.

use std::sync::Arc;
use std::time::Duration;

use crate::state::Proxy;
use crate::tls;

const EVERY: Duration = Duration::from_secs(1);

/// Follows the files of the admin API, of all listeners and of all pools for ever; the caller ends it by dropping the future.
pub(super) async fn follow(proxy: Arc<Proxy>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let proxy = Arc::clone(&proxy);
        // A disk that does not answer holds this up and nothing else.
        let looked = tokio::task::spawn_blocking(move || {
            proxy.access.look();
            tls::look(&proxy);
        });
        if let Err(error) = looked.await {
            tracing::error!(%error, "looking at files that may have changed panicked");
        }
    }
}
