//! A connection whose bytes are all seen.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::message::{Answer, AnswerError, Request, find};
use super::parse::{Framing, Head, framing, parse_head, parse_request_head};

/// No single read of a client may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection, of a client or (for the faulty backend) of a server.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    patience: Duration,
}

// === impl Connection ===

impl From<TcpStream> for Connection {
    fn from(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::with_capacity(4096),
            patience: PATIENCE,
        }
    }
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::from(stream))
    }

    /// The same, waiting for ever: a server does not mind idle clients.
    #[must_use]
    pub const fn patient(mut self) -> Self {
        self.patience = Duration::MAX;
        self
    }

    /// Sends these bytes as they are.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads one answer. `to_head` says that the request was a HEAD.
    pub async fn answer(&mut self, to_head: bool) -> Result<Answer, AnswerError> {
        let head = loop {
            let head = self.head().await?;
            self.buffer.drain(..head.length);
            if head.status >= 200 {
                break head;
            }
        };
        let bodiless = to_head || head.status == 204 || head.status == 304;
        let framing = match bodiless {
            true => Framing::Length(0),
            false => framing(&head.headers)?,
        };
        let (body, at_end) = match framing {
            Framing::Length(length) => (self.exactly(length).await?, false),
            Framing::Chunked => (self.chunks().await?, false),
            Framing::UntilClose => (self.rest().await?, true),
        };
        let close = head.headers.iter().any(|(name, value)| {
            name == "connection" && value.to_ascii_lowercase().contains("close")
        });
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            reusable: !close && !at_end,
        })
    }

    /// Reads one answer's head and no body: for interim answers such as 100.
    pub async fn interim(&mut self) -> Result<Answer, AnswerError> {
        let head = self.head().await?;
        self.buffer.drain(..head.length);
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: Vec::new(),
            reusable: true,
        })
    }

    /// Reads one request; `None` if the client closed instead of sending another.
    pub async fn request(&mut self) -> Result<Option<Request>, AnswerError> {
        let head = loop {
            if let Some(head) = parse_request_head(&self.buffer)? {
                break head;
            }
            match self.fill().await? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => return Err(self.closed()),
                _ => {}
            }
        };
        self.buffer.drain(..head.length);
        if find(&head.headers, "expect").is_some() {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let body = match framing(&head.headers)? {
            Framing::Length(length) => self.exactly(length).await?,
            Framing::Chunked => self.chunks().await?,
            Framing::UntilClose => Vec::new(),
        };
        Ok(Some(Request {
            method: head.method,
            target: head.target,
            headers: head.headers,
            body,
        }))
    }

    /// Everything until the peer closes; an error if it resets instead.
    pub async fn rest(&mut self) -> Result<Vec<u8>, AnswerError> {
        while self.fill().await? > 0 {}
        Ok(std::mem::take(&mut self.buffer))
    }

    /// The peer has closed, or sent what nobody asked for: not to be used again.
    pub fn is_stale(&self) -> bool {
        let mut one = [0; 1];
        !self.buffer.is_empty()
            || !matches!(self.stream.try_read(&mut one), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Closes with a reset instead of a FIN.
    pub fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }

    async fn head(&mut self) -> Result<Head, AnswerError> {
        loop {
            if let Some(head) = parse_head(&self.buffer)? {
                return Ok(head);
            }
            if self.fill().await? == 0 {
                return Err(self.closed());
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Result<Vec<u8>, AnswerError> {
        while self.buffer.len() < length {
            if self.fill().await? == 0 {
                return Err(self.closed());
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, AnswerError> {
        let mut body = Vec::new();
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, 0))) => {
                    self.buffer.drain(..start);
                    while !self.line().await?.is_empty() {}
                    return Ok(body);
                }
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.drain(..start);
                    let size = usize::try_from(size)
                        .map_err(|_| AnswerError::Malformed("chunk size".into()))?;
                    body.extend(self.exactly(size).await?);
                    if !self.line().await?.is_empty() {
                        return Err(AnswerError::Malformed("chunk end".into()));
                    }
                }
                Ok(httparse::Status::Partial) => {
                    if self.fill().await? == 0 {
                        return Err(AnswerError::Closed {
                            received: body.len(),
                        });
                    }
                }
                Err(_) => return Err(AnswerError::Malformed("chunk size".into())),
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, AnswerError> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end).collect();
                self.buffer.drain(..2);
                return Ok(line);
            }
            if self.fill().await? == 0 {
                return Err(self.closed());
            }
        }
    }

    fn closed(&self) -> AnswerError {
        AnswerError::Closed {
            received: self.buffer.len(),
        }
    }

    async fn fill(&mut self) -> Result<usize, AnswerError> {
        match timeout(self.patience, self.stream.read_buf(&mut self.buffer)).await {
            Ok(read) => Ok(read?),
            Err(_) => Err(AnswerError::TooLate),
        }
    }
}
