//! What a client gets when no backend could be used: every header, a problem document, and all of
//! it machine-readable.

use std::net::SocketAddr;

use serde_json::Value;
use sfv::{BareItem, Item, Parser};
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, get, once};
use soe503_tests::proxy::{Proxy, config, free_address};

const REFUSED: &str = "dependency_failure/connect_refused";

async fn request(proxy: &Proxy, method: &str, accept: &str) -> Answer {
    let request = format!(
        "{method} /page HTTP/1.1\r\nHost: shop.example\r\nAccept: {accept}\r\n\
         Connection: close\r\n\r\n"
    );
    once(proxy.address(), &request).await.unwrap()
}

/// A proxy whose only backend worked, and was killed.
async fn nobody_there() -> (Proxy, SocketAddr) {
    killed("full").await
}

async fn killed(explain: &str) -> (Proxy, SocketAddr) {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let address = backend.address();
    let explain = format!("explain = \"{explain}\"");
    let config = config(&[address], "").replace("explain = \"full\"", &explain);
    let proxy = Proxy::start(&config).await;
    let answer = request(&proxy, "GET", "*/*").await;
    assert_eq!(answer.status, 200);
    backend.stop().await;
    (proxy, address)
}

fn item(answer: &Answer, name: &str) -> Item {
    let value = answer.header_list(name);
    Parser::new(&value)
        .parse()
        .unwrap_or_else(|error| panic!("{name}: {value}: {error}"))
}

fn text(item: &BareItem) -> &str {
    match item {
        BareItem::Token(token) => token.as_str(),
        BareItem::String(string) => string.as_str(),
        other => panic!("neither token nor string: {other:?}"),
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_503_with_every_header() {
    let (proxy, _) = nobody_there().await;
    let answer = request(&proxy, "GET", "*/*").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("x-error-code"), Some("SOE-503"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(
        answer
            .header("x-request-id")
            .is_some_and(|id| !id.is_empty())
    );
    assert!(
        answer
            .header("server-timing")
            .is_some_and(|t| t.contains("dur="))
    );

    let attempts: u32 = answer.header("soe-attempts").unwrap().parse().unwrap();
    assert!((1..=3).contains(&attempts), "{attempts}");
    let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");

    let cause = item(&answer, "soe-cause");
    assert_eq!(text(&cause.bare_item), REFUSED);
    assert_eq!(text(&cause.params["grade"]), "proven");
    assert!(matches!(cause.params["at"], BareItem::Date(_)), "{cause:?}");

    let hops = answer.header_list("proxy-status");
    let hops: sfv::List = Parser::new(&hops).parse().unwrap();
    let sfv::ListEntry::Item(ours) = hops.last().expect("a member") else {
        panic!("{hops:?}");
    };
    assert_eq!(text(&ours.bare_item), "edge-test");
    assert_eq!(text(&ours.params["error"]), "connection_refused");
}

#[tokio::test]
async fn the_problem_document_says_the_same_as_the_headers() {
    let (proxy, backend) = nobody_there().await;
    let answer = request(&proxy, "GET", "application/json").await;
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/problem+json"), "{kind}");
    let problem = answer.json();
    assert_eq!(problem["status"], 503);
    assert_eq!(problem["code"], "SOE-503");
    assert_eq!(problem["cause"], REFUSED);
    assert_eq!(problem["category"], "dependency_failure");
    assert_eq!(problem["grade"], "proven");
    assert_eq!(problem["retryable"], true);
    let kind = problem["type"].as_str().unwrap();
    assert!(
        kind.ends_with("/causes/dependency_failure/connect_refused"),
        "{kind}"
    );
    for member in ["title", "detail"] {
        assert!(
            problem[member].as_str().is_some_and(|t| !t.is_empty()),
            "{problem}"
        );
    }
    let attempts = problem["attempts"]
        .as_array()
        .expect("explain = full shows attempts");
    let last = attempts.last().unwrap();
    assert_eq!(last["address"], backend.to_string(), "{problem}");
    assert_eq!(last["bytes_sent"].as_u64().unwrap_or(0), 0, "{problem}");
}

#[tokio::test]
async fn fm38_head_gets_the_headers_and_no_body() {
    let (proxy, _) = nobody_there().await;
    let answer = request(&proxy, "HEAD", "*/*").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("x-error-code"), Some("SOE-503"));
    assert_eq!(text(&item(&answer, "soe-cause").bare_item), REFUSED);
    assert!(answer.header("retry-after").is_some());
    assert!(answer.header("proxy-status").is_some());
    // `answer` reads no body after HEAD; whatever came would make the connection stale.
    let mut connection = soe503_tests::http::Connection::open(proxy.address())
        .await
        .unwrap();
    connection
        .send(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    connection.answer(true).await.unwrap();
    assert_eq!(connection.rest().await.unwrap(), b"");
}

#[tokio::test]
async fn the_body_is_what_the_client_accepts() {
    let (proxy, _) = nobody_there().await;
    for (accept, kind, shows) in [
        (
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "text/html",
            "<html",
        ),
        ("text/markdown", "text/markdown", "#"),
        ("text/plain", "text/plain", "SOE-503"),
        ("application/problem+json", "application/problem+json", "{"),
    ] {
        let answer = request(&proxy, "GET", accept).await;
        let given = answer.header("content-type").unwrap();
        assert!(given.starts_with(kind), "{accept}: {given}");
        assert!(answer.text().contains(shows), "{accept}: {}", answer.text());
        assert!(
            answer.text().contains(REFUSED),
            "{accept}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn strangers_are_told_no_addresses() {
    let (proxy, backend) = killed("public").await;
    let answer = request(&proxy, "GET", "*/*").await;
    assert_eq!(answer.header("x-error-code"), Some("SOE-503"));
    let told = format!("{:?}{}", answer.headers, answer.text());
    // The port alone may be part of an identifier by chance.
    for hint in [format!(":{}", backend.port()), "127.0.0.1".to_owned()] {
        assert!(!told.contains(&hint), "{hint} in {told}");
    }
}

/// A backend that never accepted since the start was probably never there: the address is suspect,
/// and the answer says how sure it is.
#[tokio::test]
async fn a_backend_that_never_accepted_may_be_a_wrong_address() {
    let proxy = Proxy::before(&[free_address()], "").await;
    let answer = request(&proxy, "GET", "*/*").await;
    assert_eq!(answer.status, 503);
    let cause = item(&answer, "soe-cause");
    assert_eq!(text(&cause.bare_item), "misconfiguration/wrong_port");
    assert_eq!(text(&cause.params["grade"]), "suspected");
}

#[tokio::test]
async fn the_open_circuit_names_its_root() {
    let (proxy, _) = nobody_there().await;
    let mut last = None;
    for _ in 0..20 {
        let answer = request(&proxy, "GET", "*/*").await;
        let cause = item(&answer, "soe-cause");
        if text(&cause.bare_item).starts_with("circuit_open/") {
            last = Some((answer, cause));
            break;
        }
    }
    let (answer, cause) = last.expect("twenty failures open the circuit");
    assert_eq!(answer.status, 503);
    assert_eq!(text(&cause.params["root"]), REFUSED);
    assert_eq!(answer.header("soe-attempts"), Some("0"));
    assert_eq!(proxy.pool().await["circuit"]["state"], "open");
    let root = &answer.json()["root"];
    let root = root.as_str().or_else(|| root["cause"].as_str());
    assert_eq!(root, Some(REFUSED));
}

#[tokio::test]
async fn a_failure_can_be_looked_up_by_its_request_id() {
    let (proxy, _) = nobody_there().await;
    let answer = request(&proxy, "GET", "*/*").await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    let path = format!("/api/v1/failures/{id}");
    let mut found = Value::Null;
    // The recorder is off the request path: it may be a moment late.
    soe503_tests::proxy::eventually("the failure is recorded", async || {
        let answer = get(proxy.admin(), &path).await.unwrap();
        if answer.status == 200 {
            found = answer.json();
        }
        answer.status == 200
    })
    .await;
    assert!(found.to_string().contains(REFUSED), "{found}");
}

#[tokio::test]
async fn fm44_a_backends_own_503_is_passed_on_and_not_tagged() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Status(503)))
        .await
        .unwrap();
    let proxy = Proxy::before(&[backend.address()], "").await;
    let answer = request(&proxy, "POST", "*/*").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body, [b'x'; 1024]);
    for name in ["x-error-code", "soe-cause"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let hops = answer.header_list("proxy-status");
    let hops: sfv::List = Parser::new(&hops).parse().unwrap();
    assert_eq!(hops.len(), 1, "{hops:?}");
    let sfv::ListEntry::Item(ours) = &hops[0] else {
        panic!("{hops:?}");
    };
    assert!(!ours.params.contains_key("error"), "{hops:?}");
}

#[tokio::test]
async fn what_diagnoses_take_is_counted() {
    let (proxy, _) = nobody_there().await;
    let read = async |name: &str| {
        let page = get(proxy.admin(), "/metrics").await.unwrap().text();
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse::<f64>().ok())
            .unwrap_or_else(|| panic!("no {name} in {page}"))
    };
    // The one good answer was not diagnosed.
    assert_eq!(read("soe503_diagnoses_total ").await, 0.0);
    assert_eq!(read("soe503_diagnosis_seconds_total ").await, 0.0);
    for _ in 0..3 {
        assert_eq!(request(&proxy, "GET", "*/*").await.status, 503);
    }
    assert_eq!(read("soe503_diagnoses_total ").await, 3.0);
    assert!(read("soe503_diagnosis_seconds_total ").await > 0.0);
}
