//! The client against a server that says exactly what a row wants it to say.
#![cfg(feature = "client")]

use core::time::Duration;

use soe503_api::{
    ActionRequest, BackendAction,
    client::{Client, ClientError, Step, Token},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};

const POOLS: &str = include_str!("golden/pools.json");

/// Answers one connection with `answer` and hands back what it was sent. `None` never answers.
async fn server(answer: Option<String>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let n = stream.read(&mut buffer).await.unwrap();
            seen.extend_from_slice(&buffer[..n]);
            let text = String::from_utf8_lossy(&seen);
            let whole =
                text.contains("\r\n\r\n") && (text.starts_with("GET") || text.ends_with('}'));
            if n == 0 || (whole && answer.is_some()) {
                break;
            }
        }
        if let Some(answer) = answer {
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        String::from_utf8(seen).unwrap()
    });
    (address, task)
}

fn http(status: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

#[tokio::test]
async fn pools_come_back_with_their_bytes() {
    let (address, server) = server(http("200 OK", POOLS)).await;
    let token = Token::new("s3cret").unwrap();
    let client = Client::new(&address).unwrap().with_token(Some(token));
    let reply = client.pools().await.unwrap();
    assert_eq!(reply.value.pools.len(), 2);
    assert_eq!(reply.body, POOLS);
    let seen = server.await.unwrap();
    assert!(seen.starts_with("GET /api/v1/pools HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("authorization: Bearer s3cret\r\n"), "{seen}");
}

#[tokio::test]
async fn an_action_posts_its_reason_to_the_encoded_path() {
    let body = serde_json::from_str::<serde_json::Value>(POOLS).unwrap()["pools"][0].to_string();
    let (address, server) = server(http("200 OK", &body)).await;
    let client = Client::new(&format!("{address}/edge/")).unwrap();
    let request = ActionRequest {
        reason: Some("kernel".into()),
        until: None,
    };
    let reply = client
        .backend_action("app", "10.0.0.1:80", BackendAction::Disable, &request)
        .await
        .unwrap();
    assert_eq!(reply.value.name, "app");
    let seen = server.await.unwrap();
    let path = "POST /edge/api/v1/pools/app/backends/10.0.0.1%3A80/disable HTTP/1.1";
    assert!(seen.starts_with(path), "{seen}");
    assert!(
        seen.ends_with(r#"{"reason":"kernel","until":null}"#),
        "{seen}"
    );
}

#[tokio::test]
async fn a_problem_document_is_a_refusal() {
    let problem = include_str!("golden/problem.json");
    let (address, _server) = server(http("404 Not Found", problem)).await;
    let error = Client::new(&address).unwrap().pool("ap").await.unwrap_err();
    assert!(error.reached());
    assert_eq!(error.to_string(), "no pool is named \"ap\"");
    let ClientError::Refused {
        status, problem, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(status, 404);
    assert_eq!(problem.valid, ["app", "search"]);
}

#[tokio::test]
async fn others_that_answer_are_not_taken_for_the_api() {
    let rows = [
        (http("200 OK", "<html>"), "is not what this version reads"),
        (
            http("404 Not Found", "nope"),
            "404 Not Found to GET /api/v1/pools",
        ),
        (Some("SSH-2.0-OpenSSH_9.2\r\n".to_owned()), "not HTTP"),
    ];
    for (answer, expected) in rows {
        let (address, _server) = server(answer).await;
        let error = Client::new(&address).unwrap().pools().await.unwrap_err();
        assert!(matches!(error, ClientError::NotTheApi { .. }), "{error:?}");
        assert!(!error.reached());
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains(&address), "{error}");
    }
}

#[tokio::test]
async fn nobody_there() {
    // Bound, and not listening: nobody else can take the port meanwhile.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = format!("http://{}", socket.local_addr().unwrap());
    let error = Client::new(&address).unwrap().pools().await.unwrap_err();
    assert!(!error.reached());
    assert_eq!(
        error.to_string(),
        format!("no admin API at {address}: connecting failed: Connection refused")
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_limit() {
    let (address, _server) = server(None).await;
    let client = Client::new(&address)
        .unwrap()
        .with_timeout(Duration::from_millis(30));
    let error = client.pools().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::TimedOut {
                step: Step::Answer,
                ..
            }
        ),
        "{error:?}"
    );
}
