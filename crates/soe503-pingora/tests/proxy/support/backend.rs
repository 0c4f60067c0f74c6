//! A backend that counts each request when it has read it, and then does what it was told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pingora::prelude::HttpPeer;
use soe503::pool::BackendSpec;
use soe503_pingora::Upstream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

/// What becomes of a request that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// 200, and the connection stays.
    Answers,
    /// The connection is closed without an answer.
    Closes,
    /// That with this method, and 200 with all others.
    ClosesOn(&'static str),
    /// This with the first two of the requests that have the same method and target, and 200 with all after them.
    Twice(&'static Self),
    /// The connection is reset.
    Resets,
    /// Nothing, for ever.
    Hangs,
    /// Bytes that are not HTTP.
    Babbles,
    /// A complete answer with this status.
    Status(u16),
    /// The same, and it says that it comes from soe503 and that nobody is behind it.
    Pretends(u16),
    /// Half of a body with an announced length, and a close.
    BreaksOff,
    /// A status as soon as the head is here, without reading the body.
    Early(u16),
}

/// One that listens, until it is dropped or killed.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepts: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    does: Mutex<Does>,
    /// The first line of each request, and when all of it was read.
    seen: Mutex<Vec<(Instant, String)>>,
    connections: Mutex<Vec<JoinHandle<()>>>,
}

impl Backend {
    /// One that always does the same.
    pub(crate) async fn that(does: Does) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), does).await
    }

    /// The same at this address.
    pub(crate) async fn at(address: SocketAddr, does: Does) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            does: Mutex::new(does),
            seen: Mutex::default(),
            connections: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let accepts = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection = tokio::spawn(serve(stream, Arc::clone(&serving)));
                serving.connections.lock().unwrap().push(connection);
            }
        });
        Self {
            address,
            shared,
            accepts: Mutex::new(Some(accepts)),
        }
    }

    /// Does this from now on.
    pub(crate) fn becomes(&self, does: Does) {
        *self.shared.does.lock().unwrap() = does;
    }

    /// Closes its port and all connections, and waits until they are.
    pub(crate) async fn kill(&self) {
        let accepts = self.accepts.lock().unwrap().take();
        let connections = std::mem::take(&mut *self.shared.connections.lock().unwrap());
        for task in accepts.into_iter().chain(connections) {
            task.abort();
            let _cancelled = task.await;
        }
    }

    /// How many POSTs it has read.
    pub(crate) fn posts(&self) -> usize {
        self.read("POST ").len()
    }

    /// How much time has passed between any two successive requests whose first lines begin like this.
    pub(crate) fn pauses(&self, begin: &str) -> Vec<Duration> {
        let read = self.read(begin);
        read.windows(2).map(|two| two[1] - two[0]).collect()
    }

    /// When it has read the requests whose first lines begin like this.
    pub(crate) fn read(&self, begin: &str) -> Vec<Instant> {
        let seen = self.shared.seen.lock().unwrap();
        let these = seen.iter().filter(|(_, line)| line.starts_with(begin));
        these.map(|(at, _)| *at).collect()
    }

    /// How many requests it has read.
    pub(crate) fn requests(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    pub(crate) fn spec(&self) -> BackendSpec<Upstream> {
        Upstream::backend(self.peer())
    }

    pub(crate) fn peer(&self) -> HttpPeer {
        HttpPeer::new(self.address, false, String::new())
    }
}

impl Shared {
    /// Writes a request down that was read; returns how many there are like it.
    fn note(&self, first_line: String) -> usize {
        let mut seen = self.seen.lock().unwrap();
        seen.push((Instant::now(), first_line));
        let (_, this) = &seen[seen.len() - 1];
        seen.iter().filter(|(_, line)| line == this).count()
    }
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    let gone = Backend::that(Does::Answers).await;
    gone.kill().await;
    gone.address
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    loop {
        let Some(end) = read_head(&mut stream, &mut buffer).await else {
            return;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let does = *shared.does.lock().unwrap();
        let first_line = head.lines().next().unwrap_or_default().to_owned();
        if let Does::Early(status) = does {
            shared.note(first_line);
            let answer = format!("HTTP/1.1 {status} Early\r\nContent-Length: 0\r\n\r\n");
            let _sent = stream.write_all(answer.as_bytes()).await;
            // The rest of the upload is taken and thrown away.
            let mut rest = vec![0; 64 * 1024];
            while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
            return;
        }
        let length = length(&head);
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        }
        buffer.drain(..end + length);
        let like_it = shared.note(first_line);
        let does = match does {
            Does::Twice(this) if like_it <= 2 => *this,
            Does::Twice(_) => Does::Answers,
            other => other,
        };
        match does {
            Does::Answers => write(&mut stream, OK).await,
            Does::Status(status) => {
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\nContent-Length: 4\r\nETag: \"x\"\r\n\r\nsaid"
                );
                write(&mut stream, &answer).await;
            }
            Does::Pretends(status) => {
                let answer = format!(
                    "HTTP/1.1 {status} Said\r\nContent-Length: 4\r\nX-Error-Code: SOE-{status}\r\nSoe-Cause: dependency_failure/connect_refused\r\n\r\nsaid"
                );
                write(&mut stream, &answer).await;
            }
            Does::Babbles => {
                write(&mut stream, "what is this\r\n\r\n").await;
                return;
            }
            Does::BreaksOff => {
                write(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ",
                )
                .await;
                return;
            }
            Does::ClosesOn(method) if head.split(' ').next() != Some(method) => {
                write(&mut stream, OK).await;
            }
            Does::Closes | Does::ClosesOn(_) => return,
            Does::Resets => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Does::Hangs => std::future::pending().await,
            Does::Early(_) | Does::Twice(_) => unreachable!("decided above"),
        }
    }
}

async fn write(stream: &mut TcpStream, text: &str) {
    let _sent = stream.write_all(text.as_bytes()).await;
}

/// Reads until the end of a head, and says where that is.
async fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            return Some(at + 4);
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn length(head: &str) -> usize {
    let field = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim())
    });
    field.map_or(0, |value| value.parse().unwrap())
}
