use std::collections::VecDeque;
use std::task::Waker;

use tokio::io::AsyncWriteExt;

use super::*;

/// A wire that remembers each send, and takes so many bytes of one at most.
#[derive(Debug)]
struct Wire {
    arriving: VecDeque<&'static [u8]>,
    sends: Vec<Vec<u8>>,
    most: usize,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(piece) = self.arriving.pop_front() else {
            return Poll::Pending;
        };
        buf.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut sent: Vec<u8> = bufs.iter().flat_map(|buf| buf.to_vec()).collect();
        sent.truncate(self.most);
        let count = sent.len();
        self.sends.push(sent);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn gathering(arriving: &[&'static [u8]], most: usize) -> Gathering<Wire> {
    Gathering::new(Wire {
        arriving: arriving.iter().copied().collect(),
        sends: Vec::new(),
        most,
    })
}

/// One that has shaken hands and holds a ticket.
async fn with_ticket(most: usize) -> Gathering<Wire> {
    let mut transport = gathering(&[], most);
    transport.write_all(b"ticket").await.unwrap();
    transport.flush().await.unwrap();
    transport.open();
    transport
}

/// What one poll of a read comes to.
fn read(transport: &mut Gathering<Wire>) -> Poll<io::Result<Vec<u8>>> {
    let mut room = [0; 64];
    let mut buf = ReadBuf::new(&mut room);
    let mut cx = Context::from_waker(Waker::noop());
    ready!(Pin::new(transport).poll_read(&mut cx, &mut buf))?;
    Poll::Ready(Ok(buf.filled().to_vec()))
}

#[tokio::test]
async fn a_flight_leaves_in_one_piece_when_the_client_has_to_speak() {
    let mut transport = gathering(&[b"\x16hello"], 1000);
    assert!(matches!(read(&mut transport), Poll::Ready(Ok(read)) if read == b"\x16hello"));
    for piece in ["server hello, ", "certificate, ", "finished"] {
        transport.write_all(piece.as_bytes()).await.unwrap();
        transport.flush().await.unwrap();
    }
    assert!(transport.inner.sends.is_empty());
    assert!(read(&mut transport).is_pending());
    assert_eq!(
        transport.inner.sends,
        [b"server hello, certificate, finished"]
    );
    assert_eq!(transport.began(), Began::Tls);
}

#[tokio::test]
async fn tickets_leave_with_the_first_answer_and_then_nothing_is_held() {
    let mut transport = with_ticket(1000).await;
    // A client that says nothing yet does not wait for them.
    assert!(read(&mut transport).is_pending());
    assert!(transport.inner.sends.is_empty());
    assert_eq!(transport.write(b"|answer").await.unwrap(), 7);
    transport.write_all(b"more").await.unwrap();
    assert_eq!(transport.inner.sends, [&b"ticket|answer"[..], b"more"]);
}

#[tokio::test]
async fn a_flush_or_a_shutdown_sends_what_is_held() {
    let mut transport = with_ticket(1000).await;
    transport.flush().await.unwrap();
    assert_eq!(transport.inner.sends, [b"ticket"]);
    let mut transport = with_ticket(1000).await;
    transport.shutdown().await.unwrap();
    assert_eq!(transport.inner.sends, [b"ticket"]);
}

#[tokio::test]
async fn the_last_answer_waits_for_the_end() {
    let mut transport = with_ticket(1000).await;
    transport.hold();
    transport.write_all(b"|answer|").await.unwrap();
    transport.flush().await.unwrap();
    assert!(transport.inner.sends.is_empty());
    transport.write_all(b"close_notify").await.unwrap();
    transport.let_go();
    transport.flush().await.unwrap();
    assert_eq!(transport.inner.sends, [b"ticket|answer|close_notify"]);
}

#[tokio::test]
async fn what_is_large_is_not_copied_and_nothing_overtakes() {
    let mut transport = with_ticket(100_000).await;
    transport.hold();
    transport.write_all(b"|head|").await.unwrap();
    transport.write_all(&[b'x'; ROOM]).await.unwrap();
    assert_eq!(transport.inner.sends.len(), 1);
    assert!(transport.inner.sends[0].starts_with(b"ticket|head|xxx"));
    transport.write_all(b"end").await.unwrap();
    transport.shutdown().await.unwrap();
    assert_eq!(transport.inner.sends[1], b"end");
}

#[tokio::test]
async fn a_full_socket_loses_nothing() {
    for most in 1..14 {
        let mut transport = with_ticket(most).await;
        transport.write_all(b"|answer").await.unwrap();
        transport.hold();
        transport.write_all(b"|last").await.unwrap();
        transport.let_go();
        transport.flush().await.unwrap();
        assert_eq!(
            transport.inner.sends.concat(),
            b"ticket|answer|last",
            "{most}"
        );
    }
}

#[test]
fn whoever_does_not_begin_with_tls_is_remembered() {
    for (said, began) in [
        (
            &b"GET / HTTP/1.1\r\n"[..],
            Began::Otherwise(*b"GET / HT", 8),
        ),
        (b"\0", Began::Otherwise([0; 8], 1)),
        (b"", Began::Silent),
    ] {
        let mut transport = gathering(&[said], 1000);
        let refused = matches!(read(&mut transport), Poll::Ready(Err(_)));
        assert_eq!(refused, !said.is_empty());
        assert_eq!(transport.began(), began);
    }
    // A handshake may hold any bytes later.
    let mut transport = gathering(&[b"\x16", b"GET"], 1000);
    assert!(matches!(read(&mut transport), Poll::Ready(Ok(read)) if read == b"\x16"));
    assert!(matches!(read(&mut transport), Poll::Ready(Ok(read)) if read == b"GET"));
}
