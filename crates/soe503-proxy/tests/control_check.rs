//! Health checks over the network, against servers of the test's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::HeaderValue;
use soe503_core::Cause;
use soe503_core::health::CheckResult;
use soe503_proxy::config::{BackendProtocol, Probe, StatusSet};
use soe503_proxy::control::check::{Prober, Sockets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const LONG: Duration = Duration::from_secs(20);

/// Accepts one connection, reads a request's head, answers with `reply` and closes. The head goes to
/// the receiver.
async fn server(reply: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heads, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        heads.send(head(&mut stream).await).unwrap();
        stream.write_all(reply.as_bytes()).await.unwrap();
    });
    (address, seen)
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// An address at which nothing listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

fn http(host: Option<&str>, expect: &str) -> Probe {
    Probe::Http {
        path: "/healthz?full=1".into(),
        host: host.map(Into::into),
        expect: StatusSet::parse(expect).unwrap(),
        protocol: BackendProtocol::H1,
    }
}

async fn check(probe: &Probe, address: SocketAddr, timeout: Duration) -> CheckResult {
    let host = HeaderValue::from_static("app.internal:8081");
    Sockets.probe(probe, address, &host, None, timeout).await
}

/// The parts of a failure: cause, status, words.
fn failed(result: CheckResult) -> (Option<Cause>, Option<u16>, String) {
    match result {
        CheckResult::Failed {
            cause,
            status,
            error,
            ..
        } => (cause, status, error.to_string()),
        passed => panic!("{passed:?}"),
    }
}

#[tokio::test]
async fn a_good_answer_passes_and_the_request_is_a_polite_one() {
    let (address, mut heads) = server("HTTP/1.1 204 No Content\r\n\r\n").await;
    let result = check(&http(None, "200-399"), address, LONG).await;
    assert_eq!(result, CheckResult::passed(Some(204)));
    let head = heads.recv().await.unwrap().to_ascii_lowercase();
    assert!(
        head.starts_with("get /healthz?full=1 http/1.1\r\n"),
        "{head}"
    );
    for line in [
        "host: app.internal:8081",
        "user-agent: soe503-health-check/",
        "connection: close",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
}

#[tokio::test]
async fn the_configured_host_is_asked_for() {
    let (address, mut heads) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    check(&http(Some("shop.example"), "200"), address, LONG).await;
    let head = heads.recv().await.unwrap().to_ascii_lowercase();
    assert!(head.contains("\r\nhost: shop.example\r\n"), "{head}");
}

#[tokio::test]
async fn an_unexpected_status_fails_and_blames_only_what_it_proves() {
    for (reply, status, cause) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            404,
            None,
        ),
        ("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", 301, None),
        (
            "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
            503,
            Some(()),
        ),
        (
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
            500,
            Some(()),
        ),
    ] {
        let (address, _heads) = server(reply).await;
        let (found, code, error) = failed(check(&http(None, "200-299"), address, LONG).await);
        assert_eq!(code, Some(status));
        assert_eq!(found.map(|_| ()), cause, "{reply}");
        assert_eq!(error, format!("GET /healthz?full=1 answered {status}"));
    }
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let address = nobody().await;
    for probe in [http(None, "200"), Probe::Tcp] {
        let (cause, status, error) = failed(check(&probe, address, LONG).await);
        assert_eq!(
            (cause, status),
            (Some(Cause::DependencyConnectRefused), None)
        );
        assert_eq!(error, "connect: connection refused");
    }
}

#[tokio::test]
async fn a_tcp_check_wants_a_connection_and_no_answer() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_eq!(
        check(&Probe::Tcp, address, LONG).await,
        CheckResult::passed(None)
    );
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"", "nothing is sent, and the connection is closed");
}

#[tokio::test]
async fn silence_is_a_timeout_and_the_connection_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let held = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut everything = Vec::new();
        // Ends when the check closes its side.
        stream.read_to_end(&mut everything).await.unwrap();
        everything.len()
    });
    let timeout = Duration::from_millis(50);
    let (cause, _, error) = failed(check(&http(None, "200"), address, timeout).await);
    assert_eq!(cause, Some(Cause::DependencyResponseTimeout));
    assert_eq!(error, "no answer within 50ms");
    assert!(held.await.unwrap() > 0);
}

#[tokio::test]
async fn a_close_or_garbage_instead_of_an_answer_is_told_apart() {
    for (reply, cause, word) in [
        (
            "",
            Cause::DependencyResetBeforeResponse,
            "without an answer",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            Cause::DependencyInvalidResponse,
            "not an HTTP answer",
        ),
    ] {
        let (address, _heads) = server(reply).await;
        let (found, status, error) = failed(check(&http(None, "200"), address, LONG).await);
        assert_eq!((found, status), (Some(cause), None), "{error}");
        assert!(error.contains(word), "{error}");
    }
}

#[tokio::test]
async fn an_endless_head_is_no_reason_to_read_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
        let mut alive = stream.write_all(b"HTTP/1.1 200 OK\r\n").await.is_ok();
        while alive {
            alive = stream.write_all(line.as_bytes()).await.is_ok();
        }
    });
    let (_, status, _) = failed(check(&http(None, "200"), address, LONG).await);
    assert_eq!(status, None);
}

/// Accepts one connection, answers the request on it with `reply`, and keeps the connection open.
async fn lingering(reply: String) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(reply.as_bytes()).await.unwrap();
        let _closed = stream.read_u8().await;
    });
    address
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

const SPRING: &str =
    r#"{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"refused"}}}}"#;
const DRAFT: &str =
    r#"{"status":"warn","checks":{"cache:latency":[{"status":"warn","output":"200 ms"}]}}"#;

#[tokio::test]
async fn what_the_body_names_is_told_and_decides_nothing() {
    let actuator = "application/vnd.spring-boot.actuator.v3+json";
    let draft = "application/health+json";
    // (answer, the failure's words if it is one, the hints)
    for (reply, failure, hints) in [
        (
            answer("503 No", actuator, SPRING),
            Some("GET /healthz?full=1 answered 503: db fails: refused"),
            Some("db fails: refused"),
        ),
        (
            answer("200 OK", draft, DRAFT),
            None,
            Some("cache:latency warns: 200 ms"),
        ),
        (
            answer("200 OK", actuator, SPRING),
            None,
            Some("db fails: refused"),
        ),
        (
            answer("503 No", "text/html", SPRING),
            Some("GET /healthz?full=1 answered 503"),
            None,
        ),
        (
            answer("503 No", draft, "{\"status\":"),
            Some("GET /healthz?full=1 answered 503"),
            None,
        ),
    ] {
        let address = lingering(reply.clone()).await;
        let (said, read) = match check(&http(None, "200"), address, LONG).await {
            CheckResult::Passed { hints, .. } => (None, hints),
            CheckResult::Failed { error, hints, .. } => (Some(error.to_string()), hints),
            other => panic!("{other:?}"),
        };
        assert_eq!(said.as_deref(), failure, "{reply}");
        assert_eq!(read.map(|hints| hints.text()).as_deref(), hints, "{reply}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_or_does_not_end_changes_nothing() {
    let endless = format!(
        "{{\"status\":\"fail\",\"output\":\"{}\"}}",
        "x".repeat(40_000)
    );
    let kept_back =
        "HTTP/1.1 503 No\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    for reply in [
        answer("503 No", "application/json", &endless),
        kept_back.to_owned(),
    ] {
        let address = lingering(reply).await;
        let timeout = Duration::from_millis(400);
        let (cause, status, error) = failed(check(&http(None, "200"), address, timeout).await);
        assert_eq!(cause, Some(Cause::DependencyUpstream503));
        assert_eq!(status, Some(503));
        assert_eq!(error, "GET /healthz?full=1 answered 503");
    }
}

#[tokio::test]
async fn a_check_by_grpc_of_somebody_who_does_not_speak_it() {
    let (address, _heads) = server("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    let probe = Probe::Grpc {
        service: "".into(),
        host: None,
    };
    let CheckResult::Failed { doubt, .. } = check(&probe, address, LONG).await else {
        panic!("it passed");
    };
    let doubt = doubt.map(|doubt| doubt.cause);
    assert_eq!(doubt, Some(Cause::ConfigHealthCheckRejected));
}
