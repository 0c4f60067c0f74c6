//! What a backend does with its connections.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Fault;
use super::backend::Shared;
use crate::http::{Connection, Request};

const BODY: [u8; 1024] = [b'x'; 1024];
/// How much of the body is sent before [`Fault::Truncate`] closes.
const TRUNCATED: usize = 400;

/// Accepts until the backend ends or is aborted, which closes all connections too.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // The set aborts its tasks, and thereby closes the connections, when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.connected();
                    connections.spawn(serve(stream, shared.clone()));
                }
                Err(error) => eprintln!("soe503-faulty: accept: {error}"),
            },
            Some(_) = connections.join_next() => {}
            () = shared.ended() => break,
        }
    }
    // First the port, then the connections, and only then is it gone: nobody finds one of them
    // open who has been told so.
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut connection = Connection::from(stream).patient();
    while let Ok(Some(request)) = connection.request().await {
        let (fault, delay) = shared.execute(&request);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let fault = match fault {
            Fault::Hold => shared.released().await,
            other => other,
        };
        let sent = match fault {
            Fault::OkThenClose => {
                let _ = connection.send(&response(200, &request, BODY.len())).await;
                return;
            }
            Fault::Ok => connection.send(&response(200, &request, BODY.len())).await,
            Fault::Status(status) => {
                let bytes = response(status, &request, BODY.len());
                connection.send(&bytes).await
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
                let _ = connection.send(&response(200, &request, TRUNCATED)).await;
                return;
            }
            Fault::Garbage => {
                let _ = connection
                    .send(b"\x00\x01 this is not HTTP \xff\r\n\r\n")
                    .await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Head and the first `length` bytes of the body.
fn response(status: u16, request: &Request, length: usize) -> Vec<u8> {
    let bodiless = request.method == "HEAD" || status == 204 || status == 304;
    let mut bytes = format!(
        "HTTP/1.1 {status} Said So\r\nContent-Type: text/plain\r\nX-Load-Id: {}\r\n",
        request.header("x-load-id").unwrap_or_default(),
    );
    if !bodiless || request.method == "HEAD" {
        bytes += &format!("Content-Length: {}\r\n", BODY.len());
    }
    let mut bytes = (bytes + "\r\n").into_bytes();
    if !bodiless {
        bytes.extend_from_slice(&BODY[..length]);
    }
    bytes
}
