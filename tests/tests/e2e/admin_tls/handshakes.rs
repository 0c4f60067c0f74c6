//! Handshakes that come to nothing.

use std::io::{Read, Write};
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use soe503_tests::http::once;
use soe503_tests::proxy::eventually;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::scene::{NAME, scene};
use crate::tls::clients::{Making, TLS13};

const ROLES: &str = ", operators = [\"spiffe://example.org/ops\"]";

#[tokio::test]
async fn a_certificate_that_is_not_valid_is_refused_in_the_handshake() {
    let scene = scene(ROLES, "").await;
    for (shows, count) in [("foreign", 1.0), ("expired", 2.0), ("namesake", 3.0)] {
        let Some((said, code)) = scene.curl(Some(shows), "/healthz", &[]).await else {
            return;
        };
        assert_eq!(said, "000", "{shows}");
        // An error of TLS, or of what is read after curl's part of the handshake.
        assert!(matches!(code, Some(35 | 55 | 56)), "{shows}: {code:?}");
        eventually("it is counted", async || {
            scene.failed("bad_client_certificate").await == count
        })
        .await;
    }
    eventually("the log says so", async || {
        scene.proxy.log().contains("TLS handshake failed")
    })
    .await;
}

/// A client that says more before it can know is not cut off with a reset, which may overtake the alert.
#[tokio::test]
async fn why_a_certificate_is_refused_is_read_whatever_is_on_its_way() {
    let scene = scene(&format!("{ROLES}, required = true"), "").await;
    let making = Making {
        versions: TLS13,
        ..Making::of(&scene.servers)
    };
    let (config, admin) = (making.client().config, scene.admin());
    let told = tokio::task::spawn_blocking(move || {
        let name = ServerName::try_from(NAME).unwrap();
        let mut client = ClientConnection::new(config, name).unwrap();
        // It leaves with the end of the handshake, and is more than is read at once.
        client.writer().write_all(&[b'x'; 32 * 1024]).unwrap();
        let mut tcp = std::net::TcpStream::connect(admin).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let alert = loop {
            while client.wants_write() {
                client.write_tls(&mut tcp).unwrap();
            }
            assert!(client.read_tls(&mut tcp).unwrap() > 0, "no alert");
            if let Err(error) = client.process_new_packets() {
                break error;
            }
        };
        (alert, tcp.read(&mut [0; 16]))
    });
    let (alert, end) = told.await.unwrap();
    let required = rustls::AlertDescription::CertificateRequired;
    assert_eq!(alert, rustls::Error::AlertReceived(required));
    assert_eq!(end.unwrap(), 0, "it ends, and is not reset");
}

#[tokio::test]
async fn where_everybody_must_show_one_a_probe_must_too() {
    let required = format!("{ROLES}, required = true");
    let scene = scene(&required, "token_file = \"@operator@\"").await;
    assert_eq!(scene.status(None, "GET /healthz").await, None);
    let watch = Some(&scene.people.watch);
    assert_eq!(scene.status(watch, "GET /healthz").await, Some(200));
    eventually("it is counted", async || {
        scene.failed("no_client_certificate").await == 1.0
    })
    .await;
}

#[tokio::test]
async fn plain_http_is_told_so_and_silence_is_cut_off() {
    let scene = scene(ROLES, "").await;
    scene.rewrite(
        "certificates",
        "handshake_timeout = \"300ms\", certificates",
    );
    scene.proxy.signal("HUP").await;
    let answer = once(scene.admin(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("use https"), "{}", answer.text());
    eventually("the new limit holds", async || {
        let mut silent = TcpStream::connect(scene.admin()).await.unwrap();
        let mut nothing = [0; 16];
        // Below the default by far.
        let cut = timeout(Duration::from_secs(3), silent.read(&mut nothing)).await;
        cut.is_ok_and(|cut| cut.unwrap_or(0) == 0)
    })
    .await;
    assert!(scene.failed("plain_http").await >= 1.0);
    assert!(scene.failed("timeout").await >= 1.0);
}

#[tokio::test]
async fn silent_strangers_keep_nobody_out() {
    let scene = scene(ROLES, "").await;
    // More than shake hands at once, and fewer than may be connected.
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(scene.admin()).await.unwrap());
    }
    let ops = Some(&scene.people.ops);
    assert_eq!(scene.status(ops, "GET /healthz").await, Some(200));
    drop(silent);
}
