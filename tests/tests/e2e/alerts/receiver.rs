//! Somebody who is told of incidents: a server that keeps what it gets, and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use soe503_tests::proxy::eventually;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::tls::backends::acceptor;
use crate::tls::support::Pair;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// With this status.
    Status(u16),
    /// Never.
    Silent,
    /// With something that is no HTTP.
    Garbage,
    /// With a head that does not end.
    Endless,
}

/// A message that came.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) path: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Receiver {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    came: Mutex<Vec<Message>>,
}

// === impl Receiver ===

impl Receiver {
    pub(super) async fn start(manner: Manner) -> Self {
        Self::listen(manner, None).await
    }

    /// Over TLS, with this certificate.
    pub(super) async fn start_tls(manner: Manner, pair: &Pair) -> Self {
        Self::listen(manner, Some(acceptor(pair, None, &[]))).await
    }

    async fn listen(manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            came: Mutex::default(),
        });
        let (serving, over) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (serving, over) = (Arc::clone(&serving), over.clone());
                tokio::spawn(async move {
                    match over {
                        None => serve(stream, serving).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, serving).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            tls: tls.is_some(),
            shared,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        match self.tls {
            true => format!("https://localhost:{}{path}", self.address.port()),
            false => format!("http://{}{path}", self.address),
        }
    }

    pub(super) fn set(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    pub(super) fn came(&self, path: &str) -> Vec<Message> {
        let came = self.shared.came.lock().unwrap();
        came.iter()
            .filter(|message| message.path == path)
            .cloned()
            .collect()
    }

    /// Waits until a message to `path` is like this, and returns it.
    pub(super) async fn gets(&self, path: &str, like: impl Fn(&Value) -> bool) -> Message {
        let find = || {
            self.came(path)
                .into_iter()
                .find(|message| like(&message.json()))
        };
        eventually(&format!("a message comes to {path}"), async || {
            find().is_some()
        })
        .await;
        find().unwrap()
    }
}

// === impl Message ===

impl Message {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let mut bytes = Vec::new();
    let message = loop {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        if let Some(message) = message(&bytes) {
            break message;
        }
    };
    shared.came.lock().unwrap().push(message);
    let manner = *shared.manner.lock().unwrap();
    let answer = match manner {
        Manner::Status(status) => {
            format!("HTTP/1.1 {status} Told\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        }
        Manner::Garbage => "\u{0}\u{1} SSH-2.0-not-http\r\n\r\n".to_owned(),
        Manner::Silent => std::future::pending().await,
        Manner::Endless => {
            let more = "X-More: and more\r\n".repeat(1024);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(more.as_bytes()).await.is_ok() {}
            return;
        }
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
}

/// The message in `bytes`, once it is whole.
fn message(bytes: &[u8]) -> Option<Message> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let path = head.split(' ').nth(1)?.to_owned();
    let mut message = Message {
        path,
        head,
        body: bytes[end..].to_vec(),
    };
    let length: usize = message.header("content-length")?.parse().ok()?;
    if message.body.len() < length {
        return None;
    }
    message.body.truncate(length);
    Some(message)
}
