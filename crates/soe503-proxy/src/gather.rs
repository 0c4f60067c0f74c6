//! Writing a message's few small pieces with one plain `send`.
//!
//! HTTP messages are mostly a head and a short body. `writev` takes them as they are, but its way
//! through the kernel is longer than that of `send` by more than it costs to put up to 4 KiB in
//! one place first. Longer messages are not copied.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

/// The longest message that is put in one place, in bytes.
const SMALL: usize = 4096;

thread_local! {
    static PLACE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SMALL));
}

/// Writes `bufs` to `io`: with `send` if that is cheaper, else with `writev`.
///
/// # Errors
///
/// What the socket says.
pub(crate) fn poll_write<W: AsyncWrite>(
    io: Pin<&mut W>,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    match bufs {
        [] => Poll::Ready(Ok(0)),
        [one] => io.poll_write(cx, one),
        several if several.iter().map(|buf| buf.len()).sum::<usize>() <= SMALL => PLACE
            .with_borrow_mut(|place| {
                place.clear();
                for buf in several {
                    place.extend_from_slice(buf);
                }
                io.poll_write(cx, place)
            }),
        several => io.poll_write_vectored(cx, several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn pieces_arrive_in_order_whatever_their_size() {
        let long = vec![b'x'; SMALL];
        for pieces in [
            vec![&b"one"[..]],
            vec![b"head\r\n", b"body"],
            vec![b"head", &long],
        ] {
            let (mut near, mut far) = tokio::io::duplex(4 * SMALL);
            let expected = pieces.concat();
            let bufs: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            let written = poll_fn(|cx| poll_write(Pin::new(&mut near), cx, &bufs))
                .await
                .unwrap();
            // A transport without writev takes the first piece only; what it took is in order.
            assert!(written == expected.len() || written == pieces[0].len());
            let mut got = vec![0; written];
            far.read_exact(&mut got).await.unwrap();
            assert_eq!(got, expected[..written]);
        }
    }
}
