//! An HTTP/2 peer that says exactly what it is told, frame by frame.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::support::PATIENCE;

const PREFACE: usize = 24;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// One frame, as far as the tests care.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// A request's head, on this stream; whether it is all of the request.
    Headers(u32, bool),
    /// A piece of a body; whether it is the last.
    Data(u32, Bytes, bool),
    /// `RST_STREAM` with this code.
    Reset(u32, u32),
    /// A PING that asks.
    Ping([u8; 8]),
    /// GOAWAY with this code.
    GoAway(u32),
    /// Anything else.
    Other(u8),
    /// The connection is closed.
    End,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Raw(TcpStream);

impl Raw {
    /// The next connection, once its preface is read. Nothing is sent yet.
    pub(super) async fn accept(listener: &TcpListener) -> Self {
        let accepted = timeout(PATIENCE, listener.accept()).await;
        let mut stream = accepted.expect("somebody connects").unwrap().0;
        stream.set_nodelay(true).unwrap();
        stream.read_exact(&mut [0; PREFACE]).await.unwrap();
        Self(stream)
    }

    /// The next connection, greeted with SETTINGS that allow `streams`.
    pub(super) async fn allowing(listener: &TcpListener, streams: u32) -> Self {
        let mut raw = Self::accept(listener).await;
        raw.allow(streams).await;
        raw
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // Whoever is written to may have left: what it sees is what the tests look at.
        let _left = self.0.write_all(&frame).await;
    }

    /// SETTINGS that allow so many streams.
    pub(super) async fn allow(&mut self, streams: u32) {
        let mut payload = MAX_CONCURRENT_STREAMS.to_be_bytes().to_vec();
        payload.extend(streams.to_be_bytes());
        self.frame(SETTINGS, 0, 0, &payload).await;
    }

    /// A whole answer: `:status: 200`, or 503.
    pub(super) async fn answer(&mut self, stream: u32, status: u16) {
        // Indexed fields of HPACK's static table (RFC 7541 appendix A): 8 is 200.
        let block: &[u8] = match status {
            200 => &[0x88],
            // Literal value for the indexed name `:status`.
            _ => &[0x08, 0x03, b'5', b'0', b'3'],
        };
        let flags = END_STREAM | END_HEADERS;
        self.frame(HEADERS, flags, stream, block).await;
    }

    /// An interim answer: `:status: 103`.
    pub(super) async fn hint(&mut self, stream: u32) {
        let block = [0x08, 0x03, b'1', b'0', b'3'];
        self.frame(HEADERS, END_HEADERS, stream, &block).await;
    }

    /// Takes as much as anybody sends, as far as windows say.
    pub(super) async fn take_all(&mut self) {
        let most = i32::MAX.to_be_bytes();
        let mut payload = INITIAL_WINDOW_SIZE.to_be_bytes().to_vec();
        payload.extend(most);
        self.frame(SETTINGS, 0, 0, &payload).await;
        let more = (i32::MAX - 65_535).to_be_bytes();
        self.frame(WINDOW_UPDATE, 0, 0, &more).await;
    }

    /// The head of an answer whose body follows.
    pub(super) async fn head(&mut self, stream: u32) {
        self.frame(HEADERS, END_HEADERS, stream, &[0x88]).await;
    }

    pub(super) async fn data(&mut self, stream: u32, data: &[u8], last: bool) {
        self.frame(DATA, u8::from(last) * END_STREAM, stream, data)
            .await;
    }

    pub(super) async fn reset(&mut self, stream: u32, code: u32) {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    pub(super) async fn go_away(&mut self, last: u32, code: u32) {
        let mut payload = last.to_be_bytes().to_vec();
        payload.extend(code.to_be_bytes());
        self.frame(GOAWAY, 0, 0, &payload).await;
    }

    pub(super) async fn pong(&mut self, payload: [u8; 8]) {
        self.frame(PING, ACK, 0, &payload).await;
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame.
    pub(super) async fn next(&mut self) -> Seen {
        let read = timeout(PATIENCE, self.read()).await;
        read.expect("something comes")
    }

    async fn read(&mut self) -> Seen {
        let mut head = [0; 9];
        if self.0.read_exact(&mut head).await.is_err() {
            return Seen::End;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if self.0.read_exact(&mut payload).await.is_err() {
            return Seen::End;
        }
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        match kind {
            HEADERS => Seen::Headers(stream, flags & END_STREAM != 0),
            DATA => Seen::Data(stream, payload.into(), flags & END_STREAM != 0),
            RST_STREAM => Seen::Reset(stream, number(0)),
            GOAWAY => Seen::GoAway(number(4)),
            PING if flags & ACK == 0 => Seen::Ping(payload.try_into().unwrap()),
            other => Seen::Other(other),
        }
    }

    /// The next request's stream.
    pub(super) async fn request(&mut self) -> u32 {
        loop {
            match self.next().await {
                Seen::Headers(stream, _) => return stream,
                Seen::End => panic!("closed instead of a request"),
                _ => {}
            }
        }
    }

    /// The next request's stream, once its body has come too, and that body.
    pub(super) async fn whole_request(&mut self) -> (u32, Vec<u8>) {
        let mut body = Vec::new();
        loop {
            match self.next().await {
                Seen::Headers(stream, true) => return (stream, body),
                Seen::Data(stream, data, last) => {
                    body.extend(data);
                    if last {
                        return (stream, body);
                    }
                }
                Seen::End => panic!("closed instead of a request"),
                _ => {}
            }
        }
    }

    /// The first frame that `wanted` takes for something.
    pub(super) async fn until<T>(&mut self, wanted: impl Fn(&Seen) -> Option<T>) -> T {
        loop {
            let seen = self.next().await;
            if let Some(found) = wanted(&seen) {
                return found;
            }
            assert_ne!(seen, Seen::End, "closed before it came");
        }
    }
}
