//! A client that says what it is told to and hides nothing of the answer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything takes here that works.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    /// The body has its announced length.
    pub(crate) whole: bool,
}

impl Client {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, request: &str) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Sends a request, which ends with its body, and reads the answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Answer {
        self.send(request).await;
        self.answer(request.starts_with("HEAD")).await
    }

    pub(crate) async fn answer(&mut self, bodiless: bool) -> Answer {
        timeout(PATIENCE, self.read(bodiless))
            .await
            .expect("an answer within 30 s")
    }

    /// Whether the other side has closed, or closes now.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await;
        matches!(read, Ok(Ok(0) | Err(_)))
    }

    /// Nothing has come that was not read.
    pub(crate) const fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    async fn read(&mut self, bodiless: bool) -> Answer {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap_or(0);
            assert!(
                read > 0,
                "closed before an answer: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut answer = Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::new(),
            whole: true,
        };
        let length: usize = answer
            .field("content-length")
            .map_or(0, |n| n.parse().unwrap());
        if !bodiless {
            while self.buffer.len() < length && answer.whole {
                answer.whole = self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) > 0;
            }
            let there = length.min(self.buffer.len());
            answer.body = String::from_utf8(self.buffer.drain(..there).collect()).unwrap();
        }
        answer
    }
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The cause that it is tagged with.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.field("soe-cause")
            .map(|value| value.split(';').next().unwrap_or(value))
    }
}

/// One GET on a connection of its own.
pub(crate) async fn get(address: SocketAddr) -> Answer {
    Client::to(address)
        .await
        .ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
}

/// One POST of four bytes on a connection of its own.
pub(crate) async fn post(address: SocketAddr) -> Answer {
    let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    Client::to(address).await.ask(request).await
}
