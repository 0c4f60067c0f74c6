//! Closing so that the last answer arrives.
//!
//! Closing a socket that has unread bytes makes the kernel send a reset, and the reset overtakes
//! the answer: a client that is still uploading would never see why it was refused. So our side is
//! closed first, and what still comes is read and dropped for a while (RFC 9112 §9.6).

use std::future::poll_fn;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::body::Shared;
use crate::net::WriteHalf;

/// How long a client may take to notice.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much it may still send, in bytes.
const MOST: usize = 1024 * 1024;

/// Closes our direction, and waits for the client to close its own.
pub(super) async fn close(inbox: &Shared, write: &mut WriteHalf) {
    if write.shutdown().await.is_err() {
        return;
    }
    let drained = async {
        let mut left = MOST;
        poll_fn(|cx| {
            loop {
                match ready!(inbox.lock().poll_discard(cx)) {
                    Ok(read) if (1..left).contains(&read) => left -= read,
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
    };
    let _whichever = tokio::time::timeout(PATIENCE, drained).await;
}
