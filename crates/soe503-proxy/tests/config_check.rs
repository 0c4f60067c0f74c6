//! `soe503 check --connect`: every backend is tried, and what fails says why.

use std::{net::SocketAddr, sync::Arc};

use soe503_proxy::{
    config::{
        check::{Finding, connect, table},
        from_str,
    },
    control::{
        check::Sockets,
        dns::{Answer, DnsError, Resolve},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Knows `app.test`, at two addresses.
struct Names;

impl Resolve for Names {
    async fn resolve(&self, host: &str) -> Result<Answer, DnsError> {
        match host {
            "app.test" => Ok(Answer {
                addresses: vec!["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()],
                ttl: std::time::Duration::from_secs(1),
                ..Answer::default()
            }),
            _ => Err(DnsError {
                rcode: Some(3),
                text: "no such name".into(),
            }),
        }
    }
}

/// A backend at 127.0.0.1 that answers every request with `answer`, whole and unchanged, and tells
/// nobody else what it was asked.
async fn backend(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// A port on which nobody listens: one that was free a moment ago.
async fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

async fn findings(backends: &[String], check: &str) -> Vec<Finding> {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:0\"\n[[routes]]\npool = \"app\"\n\
         [pools.app]\nbackends = {backends:?}\n{check}\n"
    );
    let config = from_str("test", &text).unwrap_or_else(|report| panic!("{report}"));
    connect(&config, Arc::new(Names), Arc::new(Sockets)).await
}

#[tokio::test]
async fn the_health_check_of_every_backend_is_tried() {
    let good = backend("HTTP/1.1 204 No Content\r\n\r\n").await;
    let bad = backend("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
    let odd = backend("SSH-2.0-OpenSSH_9.2\r\n").await;
    let closed = closed_port().await;
    let backends = [
        format!("http://{good}"),
        format!("http://{bad}"),
        format!("http://{odd}"),
        format!("http://127.0.0.1:{closed}"),
        "http://nowhere.test".to_owned(),
    ];
    let found = findings(&backends, "health_check = { path = \"/healthz\" }").await;
    let outcomes: Vec<_> = found.iter().map(|f| f.outcome.clone()).collect();
    let names: Vec<_> = found
        .iter()
        .map(|f| format!("http://{}", f.backend))
        .collect();
    assert_eq!(names[..4], backends[..4], "in the order of the file");
    assert_eq!(outcomes[0], Ok("GET /healthz answered 204".to_owned()));
    assert_eq!(outcomes[1], Err("GET /healthz answered 503".to_owned()));
    assert!(
        outcomes[2].as_ref().unwrap_err().contains("HTTP"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[3], Err("connect: connection refused".to_owned()));
    assert_eq!(
        outcomes[4],
        Err("resolve nowhere.test: no such name".to_owned())
    );
    assert_eq!(found[4].address, None);
    assert!(table(&found).contains("1 of 5 answer"));
}

#[tokio::test]
async fn without_a_health_check_a_connection_is_enough() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let found = findings(&[format!("http://app.test:{port}")], "").await;
    assert_eq!(found.len(), 2, "one per address of the name");
    assert_eq!(found[0].outcome, Ok("connected".to_owned()));
    assert_eq!(found[0].address, Some(([127, 0, 0, 1], port).into()));
    assert_eq!(
        found[1].outcome,
        Err("connect: connection refused".to_owned())
    );
    assert_eq!(&*found[1].backend, format!("app.test:{port}"));
}

#[tokio::test]
async fn a_backend_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let check = "health_check = { path = \"/\", timeout = \"20ms\" }";
    let found = findings(&[url], check).await;
    let why = found[0].outcome.as_ref().unwrap_err();
    assert_eq!(why, "no answer within 20ms");
}
