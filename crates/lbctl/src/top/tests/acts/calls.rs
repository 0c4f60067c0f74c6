//! What the admin API is asked for each order: one request.

use serde_json::{Value, json};
use soe503_api::{BreakerAction, client::Client};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::top::act::perform::Performer;

/// Takes one request, says no, and tells what was asked.
async fn refuse(listener: &TcpListener) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut whole = String::new();
    loop {
        let mut some = [0; 4096];
        let n = stream.read(&mut some).await.unwrap();
        whole += core::str::from_utf8(&some[..n]).unwrap();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        if body.len() < length.map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        let no = r#"{"title":"Not yours","status":403,"detail":"It is so."}"#;
        let answer = format!(
            "HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{no}",
            no.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1");
        let body = match body {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap(),
        };
        return (line.to_owned(), body);
    }
}

#[tokio::test]
async fn each_order_is_one_request() {
    use BackendAction::{Disable, Drain, Enable};
    let backend = |action| Act::Backend {
        pool: "a b".to_owned(),
        backend: "http://[::1]:80".to_owned(),
        action,
    };
    let circuit = |action| Act::Circuit {
        pool: "a b".to_owned(),
        action,
    };
    let in_maintenance = |action| Act::Maintenance {
        pool: "a b".to_owned(),
        action,
    };
    let one = "pools/a%20b/backends/http%3A%2F%2F%5B%3A%3A1%5D%3A80";
    let body = json!({"reason": "why", "until": "2026-11-22T17:41:08.000Z"});
    let by = json!({"reason": "why", "until": "2026-11-22T17:41:08.000Z", "by": "ada", "status_page": null});
    let rows = [
        (backend(Drain), format!("{one}/drain"), body.clone()),
        (backend(Disable), format!("{one}/disable"), body.clone()),
        (backend(Enable), format!("{one}/enable"), body.clone()),
        (
            circuit(BreakerAction::Open),
            "pools/a%20b/breaker/open".to_owned(),
            body.clone(),
        ),
        (
            circuit(BreakerAction::Close),
            "pools/a%20b/breaker/close".to_owned(),
            body.clone(),
        ),
        (
            circuit(BreakerAction::Reset),
            "pools/a%20b/breaker/reset".to_owned(),
            body,
        ),
        (
            in_maintenance(MaintenanceAction::Start),
            "maintenance/a%20b/start".to_owned(),
            by.clone(),
        ),
        (
            in_maintenance(MaintenanceAction::End),
            "maintenance/a%20b/end".to_owned(),
            by,
        ),
        (Act::Reload, "config/reload".to_owned(), Value::Null),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(&address).unwrap();
    let (performer, mut answers) = Performer::new(client, Some("ada".to_owned()));
    for (act, path, body) in rows {
        let order = Order {
            act,
            reason: Some("why".to_owned()),
            until: Some(NOW),
        };
        performer.begin(order);
        let asked = refuse(&listener).await;
        assert_eq!(asked, (format!("POST /api/v1/{path}"), body));
        let no = Came::Refused("It is so.".to_owned());
        assert_eq!(answers.recv().await, Some(no));
    }
    // And no other one.
    let more = tokio::time::timeout(Duration::from_millis(50), listener.accept());
    assert!(more.await.is_err());
}
