//! Whether a backend that breaks off what it is told in plain text speaks TLS.
//!
//! Such a server mostly closes without a word: the bytes of an HTTP request are no TLS record, and what it
//! would say it cannot say. So the control plane says hello in TLS, once in a while and only where fresh
//! connections break off, and looks at the first bytes that come back.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soe503_core::Tick;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::state::PoolState;

/// From one trial of a backend to the next.
const EVERY: Duration = Duration::from_secs(10);
/// A server that does not answer in this time has not said that it speaks TLS.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many backends of a pool are tried: those speak for the others.
const MOST: usize = 8;

/// What trials have shown.
#[derive(Debug, Default)]
pub(super) struct Trials {
    tried: HashMap<Arc<str>, Tick>,
    speak: Arc<Mutex<Vec<Arc<str>>>>,
}

impl Trials {
    /// The backends that speak TLS.
    pub(super) fn speak_tls(&self) -> Vec<Arc<str>> {
        self.speak
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Tries the backends of `pool` that have to be tried.
    pub(super) fn look(&mut self, pool: &PoolState, now: Tick) {
        self.tried.retain(|_, at| now.since(*at) < EVERY);
        let mut breaking = Vec::new();
        for backend in pool.pool.backends().iter() {
            let upstream = &backend.service;
            if upstream.tls().is_none() && upstream.breaks_off(now) {
                breaking.push((Arc::clone(&backend.name), upstream.address()));
            }
        }
        let names: Vec<&Arc<str>> = breaking.iter().map(|(name, _)| name).collect();
        // Who has stopped breaking off has been repaired.
        self.speak
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|name| names.contains(&name));
        for (name, address) in breaking.into_iter().take(MOST) {
            if self.tried.contains_key(&name) {
                continue;
            }
            self.tried.insert(Arc::clone(&name), now);
            let speak = Arc::clone(&self.speak);
            // A task of its own, as the round does not wait; it ends within its patience.
            tokio::spawn(async move {
                if speaks_tls(address).await {
                    let mut speak = speak.lock().unwrap_or_else(PoisonError::into_inner);
                    if !speak.contains(&name) {
                        speak.push(name);
                    }
                }
            });
        }
    }
}

/// Says hello, and looks whether a TLS record comes back: a handshake, or an alert about our hello.
async fn speaks_tls(address: SocketAddr) -> bool {
    let trial = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(&hello()).await.ok()?;
        let mut first = [0; 3];
        stream.read_exact(&mut first).await.ok()?;
        Some(matches!(first, [0x15 | 0x16, 3, 0..=4]))
    };
    let ended = tokio::time::timeout(PATIENCE, trial).await;
    ended.ok().flatten().unwrap_or(false)
}

/// A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2): as little as is one. Nothing secret will follow, so its
/// random bytes need not be.
fn hello() -> Vec<u8> {
    const SUITES: [u8; 8] = [0xc0, 0x2f, 0xc0, 0x2b, 0xc0, 0x30, 0x00, 0x9c];
    // supported_groups: x25519 and secp256r1; signature_algorithms: the three most common.
    const EXTENSIONS: [u8; 22] = [
        0, 10, 0, 6, 0, 4, 0, 29, 0, 23, 0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1,
    ];
    let mut body = vec![3, 3];
    body.extend([0x50; 32]);
    body.push(0);
    body.extend([0, SUITES.len() as u8]);
    body.extend(SUITES);
    body.extend([1, 0]);
    body.extend([0, EXTENSIONS.len() as u8]);
    body.extend(EXTENSIONS);
    let length = body.len() as u8;
    let mut record = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(body);
    record
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn server(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = [0; 512];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(answer).await;
        });
        address
    }

    #[tokio::test]
    async fn only_a_tls_record_is_tls() {
        let rows: [(&[u8], bool); 5] = [
            (&[0x16, 3, 3, 0, 80, 2], true),
            (&[0x15, 3, 1, 0, 2, 2, 40], true),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
            (b"", false),
            (&[0x16, 9, 9], false),
        ];
        for (answer, tls) in rows {
            assert_eq!(speaks_tls(server(answer).await).await, tls, "{answer:?}");
        }
    }

    #[test]
    fn the_hello_is_as_long_as_it_says() {
        let hello = hello();
        assert_eq!(usize::from(hello[4]) + 5, hello.len());
        assert_eq!(usize::from(hello[8]) + 9, hello.len());
    }
}
