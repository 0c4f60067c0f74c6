//! What a backend does with its connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::backend::Shared;
use super::{Door, Fault};
use crate::http::{Connection, Request};

/// How much of the body is sent before [`Fault::Truncate`] closes.
const TRUNCATED: usize = 400;
/// For how long a port is asked for that somebody else still has.
const PORT_PATIENCE: u32 = 200;

/// Accepts until the backend ends or is aborted, which closes all connections too.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let mut listener = Some(listener);
    let mut door = shared.door();
    // The set aborts its tasks, and thereby closes the connections, when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = next(listener.as_ref()) => match accepted {
                Ok((stream, _)) if *door.borrow() == Door::Resetting => {
                    let _ = Connection::from(stream).reset();
                }
                Ok((stream, _)) => {
                    shared.connected();
                    connections.spawn(serve(stream, shared.clone()));
                }
                Err(error) => eprintln!("soe503-tools: accept: {error}"),
            },
            Some(_) = connections.join_next() => {}
            Ok(()) = door.changed() => {
                let wanted = *door.borrow_and_update();
                if !wanted.listens() {
                    drop(listener.take());
                } else if listener.is_none() {
                    listener = listen_again(address).await;
                }
                if wanted.breaks_off() {
                    connections.shutdown().await;
                }
                shared.door_is(wanted);
            }
            () = shared.ended() => break,
        }
    }
    // First the port, then the connections, and only then is it gone: nobody finds one of them
    // open who has been told so.
    drop(listener);
    connections.shutdown().await;
}

async fn next(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn listen_again(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..PORT_PATIENCE {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            // Somebody who dials it may have got it as the port of his own side for a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    eprintln!("soe503-tools: {address} is taken");
    std::process::exit(1);
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut door = shared.door();
    let mut connection = Connection::from(stream).patient();
    while let Some(request) = next_request(&mut connection, &mut door).await {
        let (fault, delay) = shared.execute(&request);
        shared.work(delay).await;
        let fault = match fault {
            Fault::Hold => shared.released().await,
            other => other,
        };
        let size = shared.body_bytes;
        let mut answer = Head {
            status: 200,
            close: *door.borrow() == Door::Draining,
            retry_after: None,
            server: shared.server,
        };
        let sent = match fault {
            Fault::OkThenClose => {
                let _ = connection.send(&answer.bytes(&request, size, size)).await;
                return;
            }
            Fault::Ok => connection.send(&answer.bytes(&request, size, size)).await,
            Fault::Late(later) => {
                tokio::time::sleep(later).await;
                connection.send(&answer.bytes(&request, size, size)).await
            }
            Fault::Status(status) => {
                answer.status = status;
                connection.send(&answer.bytes(&request, size, size)).await
            }
            Fault::RetryAfter(seconds) => {
                answer.status = 503;
                answer.retry_after = Some(seconds);
                connection.send(&answer.bytes(&request, size, size)).await
            }
            Fault::Hang | Fault::Hold => {
                // Until the proxy gives up and closes.
                let _ = connection.rest().await;
                return;
            }
            Fault::Reset => {
                let _ = connection.reset();
                return;
            }
            Fault::Close => return,
            Fault::Truncate => {
                let _ = connection
                    .send(&answer.bytes(&request, size, TRUNCATED.min(size)))
                    .await;
                return;
            }
            Fault::ResetMidway => {
                let _ = connection
                    .send(&answer.bytes(&request, size, size / 2))
                    .await;
                let _ = connection.reset();
                return;
            }
            Fault::Garbage => {
                let _ = connection
                    .send(b"\x00\x01 this is not HTTP \xff\r\n\r\n")
                    .await;
                return;
            }
        };
        if sent.is_err() || answer.close {
            return;
        }
    }
}

/// `None` if there will be no other: the client has closed, or the backend is draining.
async fn next_request(
    connection: &mut Connection,
    door: &mut watch::Receiver<Door>,
) -> Option<Request> {
    tokio::select! {
        // A request that has come is answered, whatever the door says.
        biased;
        request = connection.request() => request.ok().flatten(),
        () = draining(door) => {
            timeout(Duration::ZERO, connection.request()).await.ok()?.ok().flatten()
        }
    }
}

async fn draining(door: &mut watch::Receiver<Door>) {
    // What it returns is a lock, and nothing to keep. The sender lives as long as the backend.
    let _ = door.wait_for(|door| *door == Door::Draining).await;
}

/// What an answer begins with.
struct Head {
    status: u16,
    close: bool,
    retry_after: Option<u16>,
    server: Option<&'static str>,
}

impl Head {
    /// Head and the first `sent` of `length` bytes of the body.
    fn bytes(&self, request: &Request, length: usize, sent: usize) -> Vec<u8> {
        let bodiless = request.method == "HEAD" || self.status == 204 || self.status == 304;
        let mut head = format!(
            "HTTP/1.1 {} Said So\r\nContent-Type: text/plain\r\nX-Load-Id: {}\r\n",
            self.status,
            request.header("x-load-id").unwrap_or_default(),
        );
        if let Some(server) = self.server {
            head += &format!("Server: {server}\r\n");
        }
        if self.close {
            head += "Connection: close\r\n";
        }
        if let Some(seconds) = self.retry_after {
            head += &format!("Retry-After: {seconds}\r\n");
        }
        if !bodiless || request.method == "HEAD" {
            head += &format!("Content-Length: {length}\r\n");
        }
        let mut bytes = (head + "\r\n").into_bytes();
        if !bodiless {
            bytes.resize(bytes.len() + sent, b'x');
        }
        bytes
    }
}
