//! What is asked of the journal.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::router::Shared;
use crate::control::journal::Unread;
use crate::journal::Journal;

/// How long the journal's disk may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What `read` finds in the journal. It reads from a disk, which may take its time: on a thread for that, and one
/// at a time, so that a disk that hangs does not take all of these threads.
///
/// # Errors
///
/// Why not, in words that end a sentence.
pub(super) async fn in_journal<T: Send + 'static>(
    shared: &Shared,
    read: impl FnOnce(&Journal) -> Result<T, Unread> + Send + 'static,
) -> Result<T, String> {
    let reading = async {
        let turn = Arc::clone(&shared.journal_reads).acquire_owned().await;
        let journal = shared.proxy.journal.clone();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            read(&journal).map_err(|why| why.to_string())
        })
        .await
        .map_err(|error| error.to_string())?
    };
    let answer = timeout(PATIENCE, reading).await;
    answer.unwrap_or_else(|_elapsed| Err("the journal's disk does not answer".to_owned()))
}
