//! The control port of `soe503-tools faulty`.
//!
//! - `PUT /fault/TRAFFIC/HEALTH` changes the behaviour (each a name as in [`super::Fault`]), for
//!   `?percent=N` of the requests and `&only=SEGMENT` of the paths, or for all of them
//! - `PUT /door/DOOR` changes who is let in (a name as in [`Door`])
//! - `GET /counts` says what was asked so far, as JSON

use std::fmt::Display;
use std::io;

use tokio::net::TcpListener;

use super::{Behaviour, Door, FaultyBackend};
use crate::http::Connection;

/// Obeys until the process ends.
pub async fn serve_control(listener: TcpListener, backend: &FaultyBackend) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let mut connection = Connection::from(stream);
        let Ok(Some(request)) = connection.request().await else {
            continue;
        };
        let (status, body) = match obey(&request.method, &request.target, backend).await {
            Ok(body) => (200, body),
            Err((status, why)) => (status, why),
        };
        let answer = format!(
            "HTTP/1.1 {status} Said So\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        // A controller that does not wait for the answer is its own problem.
        let _ = connection.send(answer.as_bytes()).await;
    }
}

type Refusal = (u16, String);

async fn obey(method: &str, target: &str, backend: &FaultyBackend) -> Result<String, Refusal> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path: Vec<&str> = path.split('/').skip(1).collect();
    match (method, path.as_slice()) {
        ("GET", ["counts"]) => {
            serde_json::to_string(&backend.counts()).map_err(|error| (500, error.to_string()))
        }
        ("PUT", ["fault", traffic, health]) => {
            let mut behaviour = Behaviour {
                traffic: traffic.parse().map_err(wrong)?,
                health: health.parse().map_err(wrong)?,
                delay: backend.behaviour().delay,
                ..Behaviour::OK
            };
            for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
                match name {
                    "percent" => behaviour.percent = value.parse().map_err(wrong)?,
                    "only" => behaviour.only = Some(value.to_owned()),
                    other => return Err(wrong(format!("neither percent nor only: {other}"))),
                }
            }
            backend.set(behaviour);
            Ok("done\n".to_owned())
        }
        ("PUT", ["door", door]) => {
            let door: Door = door.parse().map_err(wrong)?;
            backend.set_door(door).await;
            Ok("done\n".to_owned())
        }
        _ => Err((
            404,
            "PUT /fault/TRAFFIC/HEALTH, PUT /door/DOOR or GET /counts\n".to_owned(),
        )),
    }
}

fn wrong(why: impl Display) -> Refusal {
    (400, format!("{why}\n"))
}
