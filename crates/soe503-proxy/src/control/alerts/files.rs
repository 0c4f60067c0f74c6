//! Where a target is and its secret, read again for each message.
//!
//! Failure mode: a disk that does not answer keeps one thread, whatever the number of targets; messages go on with what was
//! known last, but for a URL that only its file tells.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::desk::Target;
use crate::config::{Alert, AlertAddress, AlertSecret, AlertUrl};

/// The longest that is waited for a disk, of each attempt; half of its `timeout` if that is less.
const DISK: Duration = Duration::from_secs(2);

/// The files of one target.
#[derive(Debug)]
pub(super) struct Files {
    /// Whose turn it is: one target reads at a time.
    turn: Arc<Semaphore>,
    /// What was asked of the disk, and has not been answered yet: nothing else is asked of it meanwhile.
    asked: Option<(Arc<Alert>, JoinHandle<Read>)>,
}

type Read = (
    Result<AlertUrl, String>,
    Option<Result<AlertSecret, String>>,
);

// === impl Files ===

impl Files {
    pub(super) const fn new(turn: Arc<Semaphore>) -> Self {
        Self { turn, asked: None }
    }

    /// The URL and the secret now. A secret that cannot be read is as it was; a URL is not known then.
    ///
    /// # Errors
    ///
    /// Why nobody knows where the target is.
    pub(super) async fn read(
        &mut self,
        target: &Target,
        alert: &Arc<Alert>,
    ) -> Result<(AlertUrl, Option<AlertSecret>), String> {
        let known = target.secret();
        let in_file = matches!(alert.address, AlertAddress::InFile(..));
        if !in_file && known.is_none() {
            return Ok((alert.address.url().clone(), None));
        }
        let patience = DISK.min(alert.timeout / 2);
        let Ok(read) = tokio::time::timeout(patience, self.again(alert)).await else {
            return match in_file {
                true => Err("the disk with its URL does not answer".into()),
                false => Ok((alert.address.url().clone(), known)),
            };
        };
        let (url, secret) = read?;
        let secret = match secret {
            Some(Ok(secret)) => {
                target.keep_secret(secret.clone());
                Some(secret)
            }
            Some(Err(error)) => {
                tracing::warn!(
                    target = &*target.name,
                    error,
                    "the secret of an alert's target cannot be read; the last one is used"
                );
                known
            }
            None => None,
        };
        Ok((url?, secret))
    }

    /// What the files say. Dropped, it goes on with what it has asked for when it is called again.
    async fn again(&mut self, alert: &Arc<Alert>) -> Result<Read, String> {
        loop {
            let (asked, reading) = match &mut self.asked {
                Some(asked) => asked,
                none => {
                    let turn = Arc::clone(&self.turn).acquire_owned().await;
                    let turn = turn.map_err(|error| error.to_string())?;
                    none.insert((Arc::clone(alert), read(Arc::clone(alert), turn)))
                }
            };
            let answer = reading.await;
            // Not if a reload has come in between: then there are other files.
            let current = Arc::ptr_eq(asked, alert);
            self.asked = None;
            if current {
                return answer.map_err(|error| format!("reading its files failed: {error}"));
            }
        }
    }
}

fn read(alert: Arc<Alert>, turn: OwnedSemaphorePermit) -> JoinHandle<Read> {
    tokio::task::spawn_blocking(move || {
        let secret = alert.secret.as_ref();
        let secret = secret.map(|known| known.again(alert.kind));
        let read = (alert.address.read(), secret);
        drop(turn);
        read
    })
}
