//! The tools of these tests do what they say: a test with a tool that cannot fail proves nothing.

use std::time::Duration;

use soe503_tests::faulty::{Behaviour, Door, Fault, FaultyBackend, Nature, serve_control};
use soe503_tests::http::{Answer, AnswerError, Connection, get, once};
use soe503_tests::load::{Arrivals, Plan, run};
use soe503_tests::proxy::free_address;

async fn ask(fault: Fault) -> Result<Answer, AnswerError> {
    let backend = FaultyBackend::start(Behaviour::everywhere(fault))
        .await
        .unwrap();
    get(backend.address(), "/").await
}

#[tokio::test]
async fn each_fault_looks_like_itself() {
    assert_eq!(ask(Fault::Ok).await.unwrap().status, 200);
    assert_eq!(ask(Fault::OkThenClose).await.unwrap().status, 200);
    assert_eq!(ask(Fault::Status(500)).await.unwrap().status, 500);
    let reset = ask(Fault::Reset).await;
    assert!(matches!(reset, Err(AnswerError::Io(_))), "{reset:?}");
    let closed = ask(Fault::Close).await;
    assert!(
        matches!(closed, Err(AnswerError::Closed { received: 0 })),
        "{closed:?}"
    );
    let cut = ask(Fault::Truncate).await;
    assert!(
        matches!(cut, Err(AnswerError::Closed { received: 400 })),
        "{cut:?}"
    );
    let reset = ask(Fault::ResetMidway).await;
    assert!(matches!(reset, Err(AnswerError::Io(_))), "{reset:?}");
    let later = ask(Fault::RetryAfter(7)).await.unwrap();
    assert_eq!(
        (later.status, later.header("retry-after")),
        (503, Some("7"))
    );
    let late = ask(Fault::Late(Duration::from_millis(1))).await.unwrap();
    assert_eq!(late.status, 200);
    let garbage = ask(Fault::Garbage).await;
    assert!(
        matches!(garbage, Err(AnswerError::Malformed(_))),
        "{garbage:?}"
    );
}

#[tokio::test]
async fn a_held_request_is_released() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let mut client = Connection::open(backend.address()).await.unwrap();
    let request = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send(request).await.unwrap();
    backend.received(1).await;
    assert!(!client.is_stale(), "nothing has come yet");
    backend.set(Behaviour::OK);
    assert_eq!(client.answer(false).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_fault_may_concern_some_paths_and_some_requests_only() {
    let backend = FaultyBackend::start(Behaviour {
        only: Some("db".to_owned()),
        ..Behaviour::traffic_only(Fault::Status(500))
    })
    .await
    .unwrap();
    for (path, status) in [
        ("/db/1", 500),
        ("/dbx/1", 200),
        ("/load/1", 200),
        ("/", 200),
    ] {
        let answer = get(backend.address(), path).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
    backend.set(Behaviour {
        percent: 30,
        ..Behaviour::traffic_only(Fault::Status(500))
    });
    let mut failed = 0;
    let mut client = Connection::open(backend.address()).await.unwrap();
    for _ in 0..500 {
        client.send(REQUEST).await.unwrap();
        failed += u32::from(client.answer(false).await.unwrap().status == 500);
    }
    // Five standard deviations around 150.
    assert!((98..=202).contains(&failed), "{failed}");
}

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_killed_backend_breaks_off_refuses_and_comes_back() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hang))
        .await
        .unwrap();
    let mut under_way = Connection::open(backend.address()).await.unwrap();
    under_way.send(REQUEST).await.unwrap();
    backend.received(1).await;
    backend.set_door(Door::Killed).await;
    assert!(under_way.answer(false).await.is_err());
    let refused = get(backend.address(), "/").await;
    assert!(matches!(refused, Err(AnswerError::Io(_))), "{refused:?}");
    backend.set(Behaviour::OK);
    backend.set_door(Door::Open).await;
    assert_eq!(get(backend.address(), "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_draining_backend_ends_what_it_has_read() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hold))
        .await
        .unwrap();
    let mut idle = Connection::open(backend.address()).await.unwrap();
    let mut under_way = Connection::open(backend.address()).await.unwrap();
    under_way.send(REQUEST).await.unwrap();
    backend.received(1).await;
    backend.set_door(Door::Draining).await;
    assert!(Connection::open(backend.address()).await.is_err());
    let closed = idle.answer(false).await;
    assert!(
        matches!(closed, Err(AnswerError::Closed { received: 0 })),
        "{closed:?}"
    );
    backend.set(Behaviour::OK);
    let last = under_way.answer(false).await.unwrap();
    assert_eq!(last.status, 200);
    assert!(!last.reusable, "it says that it closes");
}

#[tokio::test]
async fn a_resetting_backend_accepts_and_resets() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut kept = Connection::open(backend.address()).await.unwrap();
    kept.send(REQUEST).await.unwrap();
    assert_eq!(kept.answer(false).await.unwrap().status, 200);
    backend.set_door(Door::Resetting).await;
    let closed = kept.answer(false).await;
    assert!(
        matches!(closed, Err(AnswerError::Closed { received: 0 })),
        "{closed:?}"
    );
    let mut reset = Connection::open(backend.address()).await.unwrap();
    let reset = reset.answer(false).await;
    assert!(matches!(reset, Err(AnswerError::Io(_))), "{reset:?}");
    backend.set_door(Door::Open).await;
    assert_eq!(get(backend.address(), "/").await.unwrap().status, 200);
}

const WORK: Duration = Duration::from_millis(20);

async fn with_slots(slots: usize) -> FaultyBackend {
    let behaviour = Behaviour {
        delay: WORK,
        ..Behaviour::OK
    };
    let nature = Nature {
        slots: Some(slots),
        body_bytes: 9,
        ..Nature::default()
    };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    FaultyBackend::listen(address, behaviour, nature)
        .await
        .unwrap()
}

/// Two workers have 20 ms of work for each of 20 requests that come together: 200 ms, and no less.
#[tokio::test]
async fn slots_are_a_capacity_and_the_others_wait() {
    let backend = with_slots(2).await;
    let began = tokio::time::Instant::now();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        asked.spawn(get(backend.address(), "/"));
    }
    while let Some(answer) = asked.join_next().await {
        assert_eq!(answer.unwrap().unwrap().body, [b'x'; 9]);
    }
    let took = began.elapsed();
    assert!(took >= 10 * WORK, "{took:?}");
}

#[tokio::test]
async fn a_client_that_leaves_does_not_take_its_work_with_it() {
    let backend = with_slots(1).await;
    let began = tokio::time::Instant::now();
    let mut hasty = Connection::open(backend.address()).await.unwrap();
    hasty.send(REQUEST).await.unwrap();
    backend.received(1).await;
    drop(hasty);
    assert_eq!(get(backend.address(), "/").await.unwrap().status, 200);
    let took = began.elapsed();
    assert!(took >= 2 * WORK, "{took:?}");
}

#[tokio::test]
async fn the_control_port_does_what_it_says() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let control = listener.local_addr().unwrap();
    let put = async |path: &str| {
        let request = format!("PUT {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        once(control, &request).await.unwrap().status
    };
    let obeyed = async {
        assert_eq!(put("/fault/late-7/404?percent=30&only=db").await, 200);
        let behaviour = backend.behaviour();
        assert_eq!(behaviour.traffic, Fault::Late(Duration::from_millis(7)));
        assert_eq!(behaviour.health, Fault::Status(404));
        assert_eq!(
            (behaviour.percent, behaviour.only.as_deref()),
            (30, Some("db"))
        );
        assert_eq!(put("/door/killed").await, 200);
        assert!(Connection::open(backend.address()).await.is_err());
        for wrong in [
            "/fault/no/ok",
            "/fault/ok/ok?percent=x",
            "/fault/ok/ok?a=b",
            "/door/ajar",
        ] {
            assert_eq!(put(wrong).await, 400, "{wrong}");
        }
        assert_eq!(put("/nothing").await, 404);
    };
    tokio::select! {
        () = obeyed => {}
        ended = serve_control(listener, &backend) => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn executions_are_counted_whatever_became_of_the_answer() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Reset))
        .await
        .unwrap();
    let request = "POST /o HTTP/1.1\r\nHost: a\r\nX-Load-Id: o1\r\nContent-Length: 2\r\n\r\nhi";
    for _ in 0..2 {
        let _ = once(backend.address(), request).await;
    }
    let health = get(backend.address(), "/healthz").await.unwrap();
    assert_eq!(health.status, 200);
    let counts = backend.counts();
    assert_eq!(counts.executions["o1"], 2);
    assert_eq!((counts.requests, counts.health_checks), (2, 1));
}

#[tokio::test]
async fn half_a_request_is_not_an_execution() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut client = Connection::open(backend.address()).await.unwrap();
    client
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        .await
        .unwrap();
    drop(client);
    assert_eq!(get(backend.address(), "/").await.unwrap().status, 200);
    assert_eq!(backend.counts().requests, 1);
}

fn plan(target: std::net::SocketAddr) -> Plan {
    Plan {
        target,
        rate: 400.0,
        seconds: 0.5,
        post_share: 0.3,
        arrivals: Arrivals::Poisson,
        seed: 7,
        ids: "t".into(),
        path: None,
        host: "a".into(),
        surge: None,
        kind: Vec::new(),
        give_up_ms: None,
        repeats: 0,
    }
}

#[tokio::test]
async fn every_request_of_the_load_has_its_result() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let plan = plan(backend.address());
    let shots = plan.shots();
    let records = run(plan, || {}).await;
    assert_eq!(records.len(), shots.len());
    for record in &records {
        assert_eq!(record.status, Some(200), "{record:?}");
        assert_eq!(record.error, None, "{record:?}");
    }
    let counts = backend.counts();
    assert_eq!(counts.executions.len(), shots.len());
    assert!(counts.executions.values().all(|&count| count == 1));
    assert!(counts.connections < shots.len() as u64, "they are kept");
}

#[tokio::test]
async fn failures_of_the_load_are_kept_and_not_waited_for() {
    let refused = run(plan(free_address()), || {}).await;
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|record| record.error.is_some()));

    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Status(503)))
        .await
        .unwrap();
    let failed = run(plan(backend.address()), || {}).await;
    for record in &failed {
        assert_eq!(record.status, Some(503));
        assert!(!record.headers.is_empty());
        assert_eq!(record.body.as_ref().map(String::len), Some(1024));
    }
}

#[tokio::test]
async fn impatient_clients_leave_and_ask_again() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Hang))
        .await
        .unwrap();
    let plan = Plan {
        // Long enough that each try reaches the backend, however busy the machine.
        give_up_ms: Some(500),
        repeats: 2,
        kind: vec!["vip:1".parse().unwrap()],
        ..plan(backend.address())
    };
    let shots = plan.shots();
    let records = run(plan, || {}).await;
    for record in &records {
        assert!(
            record.error.is_some() && record.latency_us >= 1_500_000,
            "{record:?}"
        );
        assert_eq!((record.tries, record.kind.as_deref()), (3, Some("vip")));
        assert!(record.id.ends_with("~3"), "{}", record.id);
    }
    let counts = backend.counts();
    assert_eq!(
        counts.executions.len(),
        3 * shots.len(),
        "each try has its id"
    );
    assert!(counts.executions.contains_key("t-0~2"));
}
