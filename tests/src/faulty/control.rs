//! The control port of `soe503-faulty`.
//!
//! `PUT /fault/TRAFFIC/HEALTH` changes the behaviour (each a name as in [`super::Fault`]);
//! `GET /counts` says what was asked so far, as JSON.

use std::io;

use tokio::net::TcpListener;

use super::{Behaviour, FaultyBackend};
use crate::http::Connection;

/// Obeys until the process ends.
pub async fn serve_control(listener: TcpListener, backend: &FaultyBackend) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let mut connection = Connection::from(stream);
        let Ok(Some(request)) = connection.request().await else {
            continue;
        };
        let (status, body) = obey(&request.method, &request.target, backend);
        let answer = format!(
            "HTTP/1.1 {status} Said So\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        // A controller that does not wait for the answer is its own problem.
        let _ = connection.send(answer.as_bytes()).await;
    }
}

fn obey(method: &str, target: &str, backend: &FaultyBackend) -> (u16, String) {
    let path: Vec<&str> = target.split('/').skip(1).collect();
    match (method, path.as_slice()) {
        ("GET", ["counts"]) => match serde_json::to_string(&backend.counts()) {
            Ok(body) => (200, body),
            Err(error) => (500, error.to_string()),
        },
        ("PUT", ["fault", traffic, health]) => match (traffic.parse(), health.parse()) {
            (Ok(traffic), Ok(health)) => {
                let delay = backend.behaviour().delay;
                backend.set(Behaviour {
                    traffic,
                    health,
                    delay,
                });
                (200, "done\n".to_owned())
            }
            (Err(error), _) | (_, Err(error)) => (400, format!("{error}\n")),
        },
        _ => (404, "PUT /fault/TRAFFIC/HEALTH or GET /counts\n".to_owned()),
    }
}
