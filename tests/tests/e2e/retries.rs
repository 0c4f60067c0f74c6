//! Retry by proof, against backends that count executions: what could run twice is never sent
//! twice, and everything else is not lost.

use std::collections::HashMap;
use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::http::{Answer, AnswerError, Connection, once};
use soe503_tests::proxy::{Proxy, config, free_address};

/// Enough that the ejection of a bad backend falls into the run.
const REQUESTS: u32 = 20;
/// What a good backend takes for an answer: then a busy one is not always the better choice.
const WORK: Duration = Duration::from_millis(3);

async fn send(proxy: &Proxy, method: &str, id: String) -> Result<Answer, AnswerError> {
    let length = if method == "POST" {
        "Content-Length: 5\r\n"
    } else {
        ""
    };
    let body = if method == "POST" { "order" } else { "" };
    let request = format!(
        "{method} /orders HTTP/1.1\r\nHost: a\r\nX-Load-Id: {id}\r\n{length}\
         Connection: close\r\n\r\n{body}"
    );
    once(proxy.address(), &request).await
}

async fn backend(fault: Fault) -> FaultyBackend {
    let behaviour = Behaviour::traffic_only(fault);
    FaultyBackend::start(behaviour).await.unwrap()
}

fn executions(backends: &[&FaultyBackend]) -> HashMap<String, u32> {
    let mut all = HashMap::new();
    for backend in backends {
        for (id, count) in backend.counts().executions {
            *all.entry(id).or_default() += count;
        }
    }
    all
}

/// GET and POST through one bad and one good backend, several at a time so that both are busy.
/// Returns the failed POSTs.
async fn through_one_bad_one(bad: Fault, route: &str) -> Vec<Answer> {
    let (bad, good) = (backend(bad).await, backend(Fault::Ok).await);
    good.set(Behaviour {
        delay: WORK,
        ..Behaviour::OK
    });
    let config = config(&[bad.address(), good.address()], "")
        .replace("pool = \"app\"", &format!("pool = \"app\"\n{route}"));
    let proxy = Proxy::start(&config).await;
    let mut failed = Vec::new();
    for number in 0..REQUESTS {
        let id = |method: &str, turn: u32| format!("{method}-{number}-{turn}");
        let (get1, get2, post1, post2) = tokio::join!(
            send(&proxy, "GET", id("get", 1)),
            send(&proxy, "GET", id("get", 2)),
            send(&proxy, "POST", id("post", 1)),
            send(&proxy, "POST", id("post", 2)),
        );
        for answer in [get1, get2] {
            let answer = answer.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        failed.extend(
            [post1.unwrap(), post2.unwrap()]
                .into_iter()
                .filter(|a| a.status != 200),
        );
    }
    for (id, count) in executions(&[&bad, &good]) {
        if id.starts_with("post-") {
            assert_eq!(count, 1, "{id} ran {count} times");
        }
    }
    assert!(bad.counts().requests > 0, "the bad backend was never tried");
    failed
}

fn each_is(failed: &[Answer], status: u16, cause: &str) {
    for answer in failed {
        assert_eq!(answer.status, status, "{}", answer.text());
        let tag = answer.header("soe-cause").unwrap();
        assert!(tag.starts_with(cause), "{tag}");
        let problem = answer.json();
        let last = problem["attempts"].as_array().unwrap().last().unwrap();
        assert!(last["bytes_sent"].as_u64().unwrap() > 0, "{problem}");
    }
}

#[tokio::test]
async fn fm02_a_backend_that_resets_after_reading() {
    let failed = through_one_bad_one(Fault::Reset, "").await;
    each_is(&failed, 502, "dependency_failure/reset_before_response");
}

#[tokio::test]
async fn a_backend_that_closes_instead_of_answering() {
    let failed = through_one_bad_one(Fault::Close, "").await;
    each_is(&failed, 502, "dependency_failure/reset_before_response");
}

#[tokio::test]
async fn a_backend_that_answers_something_else_than_http() {
    let failed = through_one_bad_one(Fault::Garbage, "").await;
    each_is(&failed, 502, "dependency_failure/invalid_response");
}

#[tokio::test]
async fn a_backend_that_breaks_off_in_a_short_answer() {
    let failed = through_one_bad_one(Fault::Truncate, "").await;
    each_is(&failed, 502, "dependency_failure/response_truncated");
}

#[tokio::test]
async fn a_backend_that_never_answers() {
    // A POST that cannot be repeated has the route's whole time.
    let route = "timeout = \"1s\"\nretry = { attempts = 3, attempt_timeout = \"100ms\" }";
    let failed = through_one_bad_one(Fault::Hang, route).await;
    each_is(&failed, 504, "dependency_failure/response_timeout");
}

#[tokio::test]
async fn a_backend_that_always_answers_500() {
    let failed = through_one_bad_one(Fault::Status(500), "").await;
    for answer in &failed {
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(
            answer.header("x-error-code"),
            None,
            "it is the backend's own"
        );
        assert_eq!(answer.body, [b'x'; 1024]);
    }
}

/// Nothing can have been executed where nobody listens: a POST goes elsewhere too.
#[tokio::test]
async fn fm24_a_backend_that_refuses_connections() {
    let good = backend(Fault::Ok).await;
    good.set(Behaviour {
        delay: WORK,
        ..Behaviour::OK
    });
    let proxy = Proxy::before(&[free_address(), good.address()], "").await;
    for number in 0..REQUESTS {
        let id = |turn: u32| format!("post-{number}-{turn}");
        let (one, other) = tokio::join!(send(&proxy, "POST", id(1)), send(&proxy, "POST", id(2)));
        for answer in [one.unwrap(), other.unwrap()] {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    assert!(executions(&[&good]).values().all(|&count| count == 1));
    let pool = proxy.pool().await;
    assert_eq!(pool["state"], "degraded", "{pool}");
    assert_eq!(pool["circuit"]["state"], "closed", "{pool}");
    assert_eq!(pool["failed"], 0, "{pool}");
}

/// Row 1 of the failure modes: the server closes a kept connection as we are about to use it.
#[tokio::test]
async fn fm01_a_backend_that_closes_kept_connections_without_a_word() {
    let backend = backend(Fault::OkThenClose).await;
    let proxy = Proxy::before(&[backend.address()], "").await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    for number in 0..REQUESTS {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Load-Id: get-{number}\r\n\r\n");
        client.send(request.as_bytes()).await.unwrap();
        let answer = client.answer(false).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let pool = proxy.pool().await;
    assert_eq!(pool["backends"][0]["state"], "up", "{pool}");
    assert_eq!(pool["backends"][0]["consecutive_failures"], 0, "{pool}");
    assert_eq!(pool["circuit"]["state"], "closed", "{pool}");
}

/// Row 16: requests that fail wherever they go fail alone. (A backend that happens to get five of
/// them in a row is ejected for a moment; the pool never is.)
#[tokio::test]
async fn fm16_a_poisonous_request_takes_no_other_down_with_it() {
    let backends = [
        backend(Fault::Ok).await,
        backend(Fault::Ok).await,
        backend(Fault::Ok).await,
    ];
    let addresses = backends.each_ref().map(FaultyBackend::address);
    let proxy = Proxy::before(&addresses, "").await;
    for number in 0..REQUESTS {
        let poison = soe503_tests::http::get(proxy.address(), "/status/500").await;
        assert_eq!(poison.unwrap().status, 500);
        for turn in 0..3 {
            let id = format!("good-{number}-{turn}");
            let answer = send(&proxy, "GET", id).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    let pool = proxy.pool().await;
    assert_eq!(pool["circuit"]["state"], "closed", "{pool}");
    assert_ne!(pool["state"], "down", "{pool}");
}
