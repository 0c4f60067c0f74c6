//! Against the kernel's own sockets.

use std::future::poll_fn;
use std::task::Waker;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::net::Stream;

/// Of a connection our side, split, and the peer's.
async fn pair() -> (ReadHalf, WriteHalf, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
    let (read, write) = Stream::Tcp(near.unwrap().0).split();
    (read, write, far.unwrap())
}

async fn fill(splice: &mut Splice, from: &ReadHalf, to: &WriteHalf, most: usize) -> Option<usize> {
    poll_fn(|cx| splice.poll_fill(cx, from, to, most))
        .await
        .unwrap()
}

#[tokio::test]
async fn no_more_than_asked_for_moves_and_all_of_it_arrives() {
    let (from, _sender_write, mut sender) = pair().await;
    let (_client_read, to, mut client) = pair().await;
    sender.write_all(b"hello world").await.unwrap();
    let mut splice = Splice::default();
    assert_eq!(fill(&mut splice, &from, &to, 5).await, Some(5));
    assert!(splice.holds());
    poll_fn(|cx| splice.poll_drain(cx, &to)).await.unwrap();
    assert!(!splice.holds());
    let mut got = [0; 5];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hello");
    // The rest is still there for whoever reads in the ordinary way.
    let mut from = from;
    let mut rest = [0; 6];
    from.read_exact(&mut rest).await.unwrap();
    assert_eq!(&rest, b" world");
}

#[tokio::test]
async fn what_a_slow_receiver_leaves_waits_and_nothing_is_lost() {
    let (from, _sender_write, mut sender) = pair().await;
    let (_client_read, to, mut client) = pair().await;
    let sent: Vec<u8> = (0..32u32 << 20).map(|at| (at % 251) as u8).collect();
    let expected = sent.clone();
    let sends = tokio::spawn(async move { sender.write_all(&sent).await.unwrap() });
    let mut splice = Splice::default();
    let mut passed = 0;
    // Nobody reads, until that is felt.
    loop {
        passed += fill(&mut splice, &from, &to, expected.len() - passed)
            .await
            .unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        if splice.poll_drain(&mut cx, &to).is_pending() {
            break;
        }
    }
    assert!(splice.holds());
    assert!(passed < expected.len(), "it went on without the receiver");
    let mut got = vec![0; expected.len()];
    let passes = async {
        loop {
            poll_fn(|cx| splice.poll_drain(cx, &to)).await.unwrap();
            if passed == expected.len() {
                break;
            }
            passed += fill(&mut splice, &from, &to, expected.len() - passed)
                .await
                .unwrap();
        }
    };
    let reads = async { client.read_exact(&mut got).await.unwrap() };
    tokio::join!(passes, reads);
    sends.await.unwrap();
    assert!(got == expected);
}

#[tokio::test]
async fn the_end_is_told() {
    let (from, _sender_write, sender) = pair().await;
    let (_client_read, to, _client) = pair().await;
    drop(sender);
    let mut splice = Splice::default();
    assert_eq!(fill(&mut splice, &from, &to, 5).await, Some(0));
    assert!(!splice.holds());
}

#[tokio::test]
async fn pipes_are_few_and_what_was_left_in_one_is_nobodys() {
    let (from, _sender_write, mut sender) = pair().await;
    let (_client_read, to, mut client) = pair().await;
    let mut held = Vec::new();
    loop {
        sender.write_all(b"x").await.unwrap();
        let mut splice = Splice::default();
        let Some(filled) = fill(&mut splice, &from, &to, 1).await else {
            break;
        };
        assert_eq!(filled, 1);
        held.push(splice);
    }
    assert_eq!(held.len(), pipe::MOST);
    held.clear();
    let mut splice = Splice::default();
    assert_eq!(fill(&mut splice, &from, &to, 1).await, Some(1));
    poll_fn(|cx| splice.poll_drain(cx, &to)).await.unwrap();
    drop((splice, from, to, _client_read, sender));
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"x");
}
