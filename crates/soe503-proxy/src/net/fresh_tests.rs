//! Against the kernel's own sockets.

use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use crate::net::{ReadHalf, Stream, WriteHalf};

/// A fresh connection, and its peer.
fn pair() -> (ReadHalf, WriteHalf, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    near.set_nonblocking(true).unwrap();
    let (read, write) = Stream::Fresh(Some(near)).split();
    (read, write, peer)
}

fn poll_once(read: &mut ReadHalf) -> Poll<usize> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut room = [0; 64];
    let mut buf = ReadBuf::new(&mut room);
    let polled = Pin::new(read).poll_read(&mut cx, &mut buf);
    polled.map(|done| done.map(|()| buf.filled().len()).unwrap())
}

/// Everything that the peer gets until the connection closes.
async fn received(peer: TcpStream) -> String {
    peer.set_nonblocking(true).unwrap();
    let mut peer = tokio::net::TcpStream::from_std(peer).unwrap();
    let mut text = String::new();
    peer.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn an_exchange_that_never_waits_is_not_made_known_to_the_event_loop() {
    use std::io::Write as _;

    let (mut read, mut write, mut peer) = pair();
    peer.write_all(b"request").unwrap();
    // Loopback delivers before it returns.
    assert_eq!(poll_once(&mut read), Poll::Ready(7));
    write.write_all(b"answer").await.unwrap();
    assert!(read.is_unwatched());
    drop((read, write));
    assert_eq!(received(peer).await, "answer");
}

#[tokio::test]
async fn who_has_to_wait_is_woken() {
    use std::io::Write as _;

    let (mut read, mut write, mut peer) = pair();
    assert_eq!(poll_once(&mut read), Poll::Pending);
    assert!(!read.is_unwatched());
    let sends = async { peer.write_all(b"late").unwrap() };
    let mut room = [0; 64];
    let (count, ()) = tokio::join!(read.read(&mut room), sends);
    assert_eq!(&room[..count.unwrap()], b"late");
    // The other direction has become an ordinary one as well.
    write.write_all(b"answer").await.unwrap();
    drop((read, write));
    assert_eq!(received(peer).await, "answer");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_waited_for_and_gets_everything() {
    let (read, mut write, peer) = pair();
    let long = "x".repeat(8 << 20);
    let sends = async {
        write.write_all(long.as_bytes()).await.unwrap();
        assert!(!read.is_unwatched(), "nothing had to be waited for");
        drop((read, write));
    };
    let (text, ()) = tokio::join!(received(peer), sends);
    assert_eq!(text.len(), long.len());
}

#[tokio::test]
async fn the_end_can_be_said_while_more_is_read() {
    use std::io::Write as _;

    for waited in [false, true] {
        let (mut read, mut write, mut peer) = pair();
        if waited {
            assert_eq!(poll_once(&mut read), Poll::Pending);
        }
        write.shutdown().await.unwrap();
        peer.write_all(b"more").unwrap();
        let mut room = [0; 4];
        read.read_exact(&mut room).await.unwrap();
        assert_eq!(&room, b"more");
        assert_eq!(received(peer).await, "");
    }
}

#[tokio::test]
async fn the_directions_become_one_stream_again() {
    for waited in [false, true] {
        let (mut read, write, peer) = pair();
        if waited {
            assert_eq!(poll_once(&mut read), Poll::Pending);
        }
        let mut whole = Stream::reunite(read, write).unwrap();
        whole.write_all(b"whole").await.unwrap();
        drop(whole);
        assert_eq!(received(peer).await, "whole");
    }
    let ((one, _, _p), (_, other, _q)) = (pair(), pair());
    assert!(Stream::reunite(one, other).is_none());
}

#[tokio::test]
async fn without_a_connection_every_use_fails() {
    let (mut read, mut write) = Stream::Fresh(None).split();
    assert!(read.read(&mut [0; 1]).await.is_err());
    assert!(write.write(b"x").await.is_err());
    assert!(Stream::Fresh(None).tcp().is_err());
}
