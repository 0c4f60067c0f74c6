//! A server that says exactly what a test wants it to say, and the program under test.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use assert_cmd::Command;
use socket2::{Domain, Socket, Type};

pub(crate) const POOLS: &str = include_str!("../data/pools.json");
pub(crate) const FAILURE: &str = include_str!("../data/failure.json");
pub(crate) const INCIDENT: &str = include_str!("../data/incident.json");
pub(crate) const INCIDENTS: &str = include_str!("../data/incidents.json");
pub(crate) const CHANGES: &str = include_str!("../data/changes.json");

const DOCTOR: &str = include_str!("../../../soe503-api/tests/golden/doctor.json");
const CONFIG_DIFF: &str = include_str!("../../../soe503-api/tests/golden/config_diff.json");

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /path`
    pub(crate) line: String,
    /// Everything.
    pub(crate) whole: String,
}

/// A server on a port of its own. It serves until the process ends.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each connection's one request with the bytes that `answer` makes of it.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let log = Arc::clone(&server.asked);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let asked = read(&mut stream);
                let bytes = answer(&asked);
                log.lock().unwrap().push(asked);
                // A client that has seen enough may be gone.
                let _ = stream.write_all(&bytes);
            }
        });
        server
    }

    /// The admin API with the sample pools, one failure record, incidents and changes.
    pub(crate) fn admin() -> Self {
        Self::start(|asked| api(&asked.line).into_bytes())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request: its head, and as much of a body as it announces.
fn read(stream: &mut TcpStream) -> Asked {
    let mut whole = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).unwrap_or(0);
        whole.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&whole);
        let done = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|l| l.strip_prefix("content-length: ").map(str::to_owned));
            body.len() >= length.map_or(0, |l| l.parse().unwrap())
        });
        if n == 0 || done {
            let line = text.lines().next().unwrap_or_default();
            let line = line.trim_end_matches(" HTTP/1.1").to_owned();
            return Asked {
                line,
                whole: text.into_owned(),
            };
        }
    }
}

/// An HTTP answer.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

pub(crate) fn problem(status: &str, detail: &str) -> String {
    let body = format!(
        r#"{{"type":"about:blank","title":"t","status":404,"detail":{}}}"#,
        serde_json::to_string(detail).unwrap()
    );
    http(status, "content-type: application/problem+json\r\n", &body)
}

/// One of the sample pools.
pub(crate) fn pool(name: &str) -> serde_json::Value {
    let all: serde_json::Value = serde_json::from_str(POOLS).unwrap();
    let pools = all["pools"].as_array().unwrap();
    pools.iter().find(|p| p["name"] == name).unwrap().clone()
}

fn api(line: &str) -> String {
    let ok = |value: &serde_json::Value| http("200 OK", "", &value.to_string());
    let mut app = pool("app");
    match line {
        "GET /api/v1/pools" => http("200 OK", "", POOLS),
        "GET /api/v1/pools/static" => ok(&pool("static")),
        "GET /api/v1/pools/search" => ok(&pool("search")),
        "GET /api/v1/failures/01KAPY88" => http("200 OK", "", FAILURE),
        "GET /api/v1/incidents/01KAPX3Q" => http("200 OK", "", INCIDENT),
        "GET /api/v1/incidents" => http("200 OK", "", INCIDENTS),
        "GET /api/v1/incidents?open=true" => http("200 OK", "", "{\"incidents\":[]}"),
        "GET /api/v1/doctor" => http("200 OK", "", DOCTOR),
        "GET /api/v1/config" => http("200 OK", "", "{\"server\":{}}"),
        "GET /api/v1/config/diff" | "POST /api/v1/config/diff" => http("200 OK", "", CONFIG_DIFF),
        "POST /api/v1/config/reload" => http("200 OK", "", "{\"reloaded\":true}"),
        "GET /api/v1/changes" => http("200 OK", "", CHANGES),
        "POST /api/v1/changes" => {
            let all: serde_json::Value = serde_json::from_str(CHANGES).unwrap();
            ok(&all["changes"][1])
        }
        "POST /api/v1/pools/app/backends/app-1/drain" => {
            app["backends"][0]["state"] = "draining".into();
            app["backends"][0]["reason"] = "drained: new kernel".into();
            ok(&app)
        }
        "POST /api/v1/pools/app/backends/app-1/disable" => {
            app["backends"][0]["state"] = "disabled".into();
            ok(&app)
        }
        "POST /api/v1/pools/app/backends/app-3/enable" => {
            app["backends"][2]["state"] = "up".into();
            app["backends"][2]["reason"] = serde_json::Value::Null;
            app["backends"][2]["until"] = serde_json::Value::Null;
            ok(&app)
        }
        "POST /api/v1/pools/app/breaker/open" => {
            app["circuit"]["state"] = "open".into();
            app["circuit"]["forced"] = "open".into();
            ok(&app)
        }
        "POST /api/v1/pools/app/breaker/close" => {
            app["circuit"]["forced"] = "closed".into();
            ok(&app)
        }
        "POST /api/v1/pools/app/breaker/reset" => ok(&app),
        _ => problem("404 Not Found", "there is no such thing here"),
    }
}

/// An address where nothing listens, and nothing else can begin to as long as this lives.
pub(crate) struct Nobody {
    _socket: Socket,
    pub(crate) url: String,
}

pub(crate) fn nobody() -> Nobody {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    Nobody {
        _socket: socket,
        url: format!("http://{address}"),
    }
}

/// `lbctl`, with nothing of this machine's environment that it would heed.
pub(crate) fn lbctl() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lbctl"));
    for name in [
        "LBCTL_ADMIN",
        "LBCTL_TOKEN",
        "LBCTL_CA",
        "LBCTL_CERTIFICATE",
        "LBCTL_KEY",
        "CLICOLOR_FORCE",
        "NO_COLOR",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name);
    }
    command
}

/// How it ended and what it said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `lbctl` against `admin`.
pub(crate) fn ask(admin: &str, args: &[&str]) -> Said {
    said(lbctl().env("LBCTL_ADMIN", admin).args(args))
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let said = Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    // It talks into a pipe here: nothing of it may be an escape code.
    assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'));
    assert!(said.out.is_ascii(), "{}", said.out);
    said
}
