//! Closing so that the last answer arrives.
//!
//! Closing a socket that has unread bytes makes the kernel send a reset, and the reset overtakes
//! the answer: a client that is still uploading would never see why it was refused. So our side is
//! closed first, and what still comes is read and dropped for a while (RFC 9112 §9.6).

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::net::{Stream, read_scratch};

/// How long a client may be silent before it has noticed.
const SILENCE: Duration = Duration::from_secs(2);

/// How long it may take altogether.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much it may still send, in bytes: a limit for floods. A client that is on its way through an
/// upload may have buffers of its own and of two kernels filled before it looks.
const MOST: usize = 16 * 1024 * 1024;

/// Closes our direction, and waits for the client to close its own: `discard` reads and forgets,
/// and says how many bytes, 0 at the end.
pub(super) async fn close<W: AsyncWrite + Unpin>(
    write: &mut W,
    discard: impl FnMut(&mut Context<'_>) -> Poll<io::Result<usize>>,
) {
    if write.shutdown().await.is_ok() {
        drain(discard).await;
    }
}

/// The same for a connection that is in one piece.
pub(super) async fn close_whole(stream: &mut Stream) {
    if let Ok(Ok(())) = tokio::time::timeout(SILENCE, stream.shutdown()).await {
        drain(|cx| read_scratch(stream, cx, <[u8]>::len)).await;
    }
}

async fn drain(mut discard: impl FnMut(&mut Context<'_>) -> Poll<io::Result<usize>>) {
    let mut left = MOST;
    let drained = async {
        loop {
            match tokio::time::timeout(SILENCE, poll_fn(&mut discard)).await {
                Ok(Ok(read)) if (1..left).contains(&read) => left -= read,
                _ => return,
            }
        }
    };
    let _whichever = tokio::time::timeout(PATIENCE, drained).await;
}
