//! A session on a socket.

use soe503_h2::{Event, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, split};

/// Gives `on_event` all events until the session is over or the peer left.
pub(crate) async fn drive<T>(
    io: DuplexStream,
    session: &mut Session<T>,
    mut on_event: impl FnMut(&mut Session<T>, Event),
) {
    let (mut read, mut write) = split(io);
    let mut buffer = vec![0; 3_000];
    loop {
        while let Some(event) = session.next_event() {
            on_event(session, event);
        }
        if session.is_over() && session.queued().is_empty() {
            return;
        }
        let blocked = !session.queued().is_empty();
        tokio::select! {
            read = read.read(&mut buffer) => {
                let len = read.expect("a pipe does not fail");
                if len == 0 {
                    return;
                }
                session.receive(&buffer[..len]).expect("h2 keeps to the rules");
            }
            written = write.write(session.queued()), if blocked => {
                // The peer closed: what it sent before is read first.
                session.sent(written.unwrap_or(usize::MAX));
            }
        }
    }
}
