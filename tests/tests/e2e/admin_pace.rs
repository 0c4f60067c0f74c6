//! Whoever guesses tokens is told to wait, and whoever has one is heard after that.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, Connection, get};
use soe503_tests::proxy::{Proxy, config};
use tempfile::TempDir;

const TOKEN: &str = "the-operator-of-this-test";
/// From this machine a thousand may come at once, and a hundred a second after that: who sends as many as that one after the
/// other is beyond it in seconds.
const MANY: usize = 100_000;

async fn ask(connection: &mut Connection, token: &str) -> Answer {
    let request = format!(
        "GET /api/v1/pools HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    connection.send(request.as_bytes()).await.unwrap();
    connection.answer(false).await.unwrap()
}

#[tokio::test]
async fn guesses_are_answered_with_401_then_with_429_and_the_token_is_heard_after_retry_after() {
    let tokens = TempDir::new().unwrap();
    let file = tokens.path().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let admin = format!("[admin]\ntoken_file = \"{}\"", file.display());
    let config = config(&[backend.address()], "").replace("[admin]", &admin);
    let proxy = Proxy::start(&config).await;
    let mut connection = Connection::open(proxy.admin()).await.unwrap();

    let mut guesses = 0;
    let refused = loop {
        let answer = ask(&mut connection, &format!("guess-number-{guesses:0>8}")).await;
        if answer.status != 401 {
            break answer;
        }
        assert!(answer.header("retry-after").is_none(), "{}", answer.text());
        guesses += 1;
        assert!(guesses < MANY, "nobody is told to wait");
    };
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(guesses >= 1_000, "{guesses}");
    let problem = refused.json();
    assert_eq!(problem["status"], 429);
    assert_eq!(problem["title"], "Too many wrong credentials");
    assert!(refused.header("www-authenticate").is_none());
    let wait = refused.header("retry-after").unwrap();
    let wait = Duration::from_secs(wait.parse().unwrap());
    assert!(
        (1..=60).contains(&wait.as_secs()),
        "a time that somebody waits: {wait:?}"
    );
    // Who shows nothing has guessed nothing, and probes are anybody's.
    assert_eq!(get(proxy.admin(), "/metrics").await.unwrap().status, 401);
    assert_eq!(get(proxy.admin(), "/healthz").await.unwrap().status, 200);

    tokio::time::sleep(wait).await;
    let heard = ask(&mut connection, TOKEN).await;
    assert_eq!(heard.status, 200, "{}", heard.text());
    // It has cost nothing: whoever has it may come as often as they like.
    for _ in 0..200 {
        assert_eq!(ask(&mut connection, TOKEN).await.status, 200);
    }
    let metrics = {
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        connection.send(request.as_bytes()).await.unwrap();
        connection.answer(false).await.unwrap().text()
    };
    for counted in [
        "soe503_admin_refused_total{reason=\"too_many_guesses\"} 1".to_owned(),
        format!(
            "soe503_admin_refused_total{{reason=\"unauthorized\"}} {}",
            guesses + 1
        ),
    ] {
        assert!(metrics.contains(&counted), "no {counted} in {metrics}");
    }
}
