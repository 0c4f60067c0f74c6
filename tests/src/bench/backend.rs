//! A backend that answers at once.

use std::io;
use std::net::SocketAddr;

use http_body_util::BodyExt as _;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::echo::echo;
use super::requests::{Head, Kind, bad, read_head, read_up_to};
use super::{grpc, websocket};

/// Size of the answer to a GET.
const ANSWER: usize = 1024;
/// Size of the answer to a GET of [`LARGE_PATH`].
const LARGE: usize = 10 << 20;
const LARGE_PATH: &str = "/10m";
/// What is written at once of a large answer.
const CHUNK: usize = 64 * 1024;
/// The largest body that is echoed.
const MAX_BODY: usize = 1 << 20;
/// So that a storm of new connections does not overflow the queue.
const BACKLOG: u32 = 8192;

/// GET: 1 KiB; GET of `/10m`: 10 MiB; POST: the body as it came; a WebSocket: its messages as they
/// came. Over HTTP/2: gRPC, any unary call, answered with the message as it came.
///
/// `X-Load-Id` comes back as it is, for load generators that check whose answer they get.
#[derive(Debug)]
pub struct Backend {
    listener: TcpListener,
    h2: bool,
}

// === impl Backend ===

impl Backend {
    /// Listens: for HTTP/1.1, or for HTTP/2 with prior knowledge.
    pub fn listen(address: SocketAddr, h2: bool) -> io::Result<Self> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        Ok(Self { listener, h2 })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until an error that no next connection would escape.
    pub async fn serve(self) -> io::Result<()> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            stream.set_nodelay(true)?;
            if self.h2 {
                tokio::spawn(serve_h2(stream));
            } else {
                tokio::spawn(serve_h1(stream));
            }
        }
    }
}

/// A connection that breaks is the client's affair: it sees and counts that.
async fn serve_h2(stream: TcpStream) {
    let _ = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(1024)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(async |request: http::Request<hyper::body::Incoming>| {
                let message = request.into_body().collect().await?.to_bytes();
                Ok::<_, hyper::Error>(grpc::answer(message))
            }),
        )
        .await;
}

async fn serve_h1(mut stream: TcpStream) {
    let _ = exchanges(&mut stream).await;
}

async fn exchanges(stream: &mut TcpStream) -> io::Result<()> {
    let (mut buffer, mut answer) = (Vec::new(), Vec::new());
    while let Some(head) = read_head(stream, &mut buffer, Kind::Request).await? {
        if head.upgrade {
            stream.write_all(websocket::ACCEPTED).await?;
            buffer.drain(..head.length);
            return echo(stream, buffer).await;
        }
        let end = head.length + head.body;
        if head.body > MAX_BODY {
            return Err(bad("the body is too long to be echoed"));
        }
        read_up_to(stream, &mut buffer, end).await?;
        write_answer(stream, &head, &buffer[head.length..end], &mut answer).await?;
        buffer.drain(..end);
        if head.close {
            return stream.shutdown().await;
        }
    }
    Ok(())
}

async fn write_answer(
    stream: &mut TcpStream,
    head: &Head,
    body: &[u8],
    answer: &mut Vec<u8>,
) -> io::Result<()> {
    let large = head.path == LARGE_PATH;
    let length = match head.method.as_str() {
        "POST" => body.len(),
        _ if large => LARGE,
        _ => ANSWER,
    };
    answer.clear();
    answer.extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n");
    if let Some(id) = &head.id {
        answer.extend_from_slice(format!("X-Load-Id: {id}\r\n").as_bytes());
    }
    if head.close {
        answer.extend_from_slice(b"Connection: close\r\n");
    }
    answer.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    match head.method.as_str() {
        "POST" => answer.extend_from_slice(body),
        "HEAD" => {}
        _ if large => {
            stream.write_all(answer).await?;
            return write_large(stream).await;
        }
        _ => answer.resize(answer.len() + ANSWER, b'x'),
    }
    stream.write_all(answer).await
}

async fn write_large(stream: &mut TcpStream) -> io::Result<()> {
    let chunk = vec![b'x'; CHUNK];
    for _ in 0..LARGE / CHUNK {
        stream.write_all(&chunk).await?;
    }
    Ok(())
}
