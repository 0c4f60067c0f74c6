//! Who sends too much is told so before a backend is touched, and nobody else pays for it.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;
use sfv::{BareItem, List, ListEntry, Parser};
use soe503_tests::faulty::{Behaviour, Fault, FaultyBackend};
use soe503_tests::h2::{H2Backend, H2Client, Written, grpc};
use soe503_tests::http::{Answer, get, once, post};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl};

/// Two requests an hour: nothing comes back while a test runs.
const LOGIN: &str = "[rate_limits.login]\nrequests = 2\nper = \"1h\"\n";

/// A config whose route names `limits`, and `more` at its end.
fn limited(backend: &FaultyBackend, limits: &str, more: &str) -> String {
    let route = format!("[[routes]]\nrate_limits = [{limits}]\n");
    let whole = config(&[backend.address()], "").replace("[[routes]]\n", &route);
    format!("{whole}\n{more}")
}

async fn backend() -> FaultyBackend {
    FaultyBackend::start(Behaviour::OK).await.unwrap()
}

async fn with_key(address: SocketAddr, key: &str) -> Answer {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: shop.example\r\nX-Api-Key: {key}\r\nConnection: close\r\n\r\n"
    );
    once(address, &request).await.unwrap()
}

/// The only member of a field that is a list: its string and its integers.
fn member(answer: &Answer, name: &str) -> (String, HashMap<String, i64>) {
    let value = answer.header_list(name);
    let list: List = Parser::new(&value)
        .parse()
        .unwrap_or_else(|error| panic!("{name}: {value}: {error}"));
    let [ListEntry::Item(item)] = &list[..] else {
        panic!("{name}: {value}");
    };
    let BareItem::String(policy) = &item.bare_item else {
        panic!("{name}: {value}");
    };
    let integer = |value: &BareItem| match value {
        BareItem::Integer(number) => i64::from(*number),
        other => panic!("{name}: {other:?}"),
    };
    let parameters = item.params.iter();
    let parameters = parameters.map(|(key, value)| (key.as_str().to_owned(), integer(value)));
    (policy.as_str().to_owned(), parameters.collect())
}

async fn limit(proxy: &Proxy) -> Value {
    let all = get(proxy.admin(), "/api/v1/rate_limits").await.unwrap();
    all.json()["rate_limits"][0].clone()
}

#[tokio::test]
async fn too_much_is_429_with_every_field_and_no_backend_is_touched() {
    let backend = backend().await;
    let config = limited(&backend, "\"login\"", LOGIN).replace("workers = 1", "workers = 2");
    let proxy = Proxy::start(&config).await;
    let mut refused = Vec::new();
    // New connections: both workers get some of them.
    for _ in 0..20 {
        let answer = get(proxy.address(), "/").await.unwrap();
        match answer.status {
            200 => {}
            429 => refused.push(answer),
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!(refused.len(), 18, "the workers count together");
    assert_eq!(backend.counts().requests, 2);

    let answer = &refused[0];
    let (name, policy) = member(answer, "ratelimit-policy");
    assert_eq!((&*name, policy["q"], policy["w"]), ("login", 2, 3600));
    let (name, left) = member(answer, "ratelimit");
    assert_eq!((&*name, left["r"]), ("login", 0));
    assert!((1..=1800).contains(&left["t"]), "{left:?}");
    let retry_after: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(retry_after >= left["t"], "{retry_after} {left:?}");
    assert_eq!(answer.header("x-error-code"), Some("SOE-429"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cause = answer.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/rate_limited;"), "{cause}");
    assert!(cause.contains("grade=proven"), "{cause}");
    let document = answer.json();
    assert_eq!(document["violated-policies"][0], "login");
    assert_eq!(document["retryable"], true);
    assert_eq!(document["evidence"][0]["kind"], "quota", "{document}");

    let seen = limit(&proxy).await;
    assert_eq!(
        (&seen["allowed"], &seen["limited"]),
        (&2.into(), &18.into())
    );
    assert_eq!(
        (&seen["keys"], &seen["routes"][0]),
        (&1.into(), &"*/".into())
    );
    let shown = lbctl(&proxy, &["limits"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("login"), "{shown:?}");
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let sample = "soe503_rate_limit_requests_total{limit=\"login\",result=\"limited\"} 18";
    assert!(metrics.contains(sample), "{metrics}");
    let id = answer.header("x-request-id").unwrap().to_owned();
    eventually("the first refusal is recorded", async || {
        lbctl(&proxy, &["explain", &id]).await.code == Some(0)
    })
    .await;
}

/// Callers need not run into a limit to hear of it. What they would hear of a limit that all share is what
/// the others do.
#[tokio::test]
async fn who_is_let_through_is_told_what_is_left() {
    let backend = backend().await;
    let two =
        format!("{LOGIN}[rate_limits.all]\nrequests = 100\nper = \"1m\"\nby = \"everyone\"\n");
    let proxy = Proxy::start(&limited(&backend, "\"login\", \"all\"", &two)).await;
    for (left, until) in [(1, 1800), (0, 1800)] {
        let answer = get(proxy.address(), "/").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (name, policy) = member(&answer, "ratelimit-policy");
        assert_eq!((&*name, policy["q"], policy["w"]), ("login", 2, 3600));
        let (name, told) = member(&answer, "ratelimit");
        assert_eq!((&*name, told["r"]), ("login", left));
        assert!((until - 30..=until).contains(&told["t"]), "{told:?}");
    }
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 429);

    let loud = two.replace("everyone\"", "everyone\"\nannounce = true");
    let silent = loud.replace("per = \"1h\"", "per = \"1h\"\nburst = 5\nannounce = false");
    proxy.rewrite(&limited(&backend, "\"login\", \"all\"", &silent));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = get(proxy.address(), "/").await.unwrap();
    let (name, told) = member(&answer, "ratelimit");
    assert_eq!((answer.status, &*name), (200, "all"));
    assert!((90..100).contains(&told["r"]), "{told:?}");
}

#[tokio::test]
async fn a_reload_keeps_what_callers_have_used() {
    let backend = backend().await;
    let proxy = Proxy::start(&limited(&backend, "\"login\"", LOGIN)).await;
    for status in [200, 200, 429] {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, status);
    }
    for more in [
        LOGIN.to_owned(),
        // Another quota: debts are times, and these are not paid.
        LOGIN.replace("requests = 2", "requests = 3\nburst = 1"),
    ] {
        proxy.rewrite(&limited(&backend, "\"login\"", &more));
        let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 429);
    }
    assert_eq!(limit(&proxy).await["limited"], 3);
    proxy.rewrite(&limited(&backend, "", LOGIN));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}

#[tokio::test]
async fn callers_are_told_apart_and_routes_share_what_they_name() {
    let backend = backend().await;
    let by_key = format!("{LOGIN}by = \"header:x-api-key\"\n");
    let second = "[[routes]]\npool = \"app\"\nrate_limits = [\"login\"]\n\
         match = { path_prefix = \"/other\" }\n";
    let config = limited(&backend, "\"login\"", &format!("{by_key}{second}"));
    let proxy = Proxy::start(&config).await;
    let status = async |key: &str| with_key(proxy.address(), key).await.status;
    assert_eq!([status("a").await, status("a").await], [200, 200]);
    assert_eq!(status("a").await, 429);
    assert_eq!(status("b").await, 200, "nobody else pays");
    // Who leaves the key away is not nobody: all of them are one caller, on all routes together.
    for (path, status) in [("/", 200), ("/other", 200), ("/", 429), ("/other/x", 429)] {
        assert_eq!(get(proxy.address(), path).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn a_shadow_counts_and_lets_through() {
    let backend = backend().await;
    let shadow = format!("{LOGIN}shadow = true\n");
    let proxy = Proxy::start(&limited(&backend, "\"login\"", &shadow)).await;
    for _ in 0..5 {
        assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
    }
    let seen = limit(&proxy).await;
    assert_eq!(
        (&seen["shadowed"], &seen["limited"]),
        (&3.into(), &0.into())
    );
}

#[tokio::test]
async fn grpc_is_told_resource_exhausted_with_pushback() {
    let backend = H2Backend::start(100, async |_| {
        let mut answer = grpc(Written::empty());
        answer
            .headers_mut()
            .insert("grpc-status", "0".parse().unwrap());
        answer
    })
    .await
    .unwrap();
    let route = "[[routes]]\nrate_limits = [\"login\"]\n";
    let config = config(&[backend.address()], "protocol = \"h2\"").replace("[[routes]]\n", route);
    let proxy = Proxy::start(&format!("{config}\n{LOGIN}by = \"route\"\n")).await;
    let client = H2Client::open(proxy.address()).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = client.call(&[], Written::empty()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers();
        let pushback = headers.get("grpc-retry-pushback-ms");
        let pushback: Option<i64> = pushback.map(|ms| ms.to_str().unwrap().parse().unwrap());
        seen.push((
            headers["grpc-status"].to_str().unwrap().to_owned(),
            pushback,
        ));
    }
    assert_eq!(seen[..2], [("0".into(), None), ("0".into(), None)]);
    let (status, pushback) = &seen[2];
    assert_eq!(status, "8");
    assert!((1..=2_160_000).contains(&pushback.unwrap()), "{pushback:?}");
}

#[tokio::test]
async fn what_backends_would_refuse_is_held_back_until_they_recover() {
    let backend = FaultyBackend::start(Behaviour::traffic_only(Fault::Status(429)))
        .await
        .unwrap();
    let throttle = "throttle = { enabled = true, window = \"1s\", minimum_requests = 10 }";
    let proxy = Proxy::before(&[backend.address()], throttle).await;
    let mut held = None;
    eventually("a request is held back", async || {
        let answer = get(proxy.address(), "/").await.unwrap();
        let ours = answer.header("soe-cause").is_some();
        assert_eq!(answer.status, if ours { 503 } else { 429 });
        if ours {
            held = Some(answer);
        }
        held.is_some()
    })
    .await;
    let held = held.unwrap();
    let cause = held.header("soe-cause").unwrap();
    assert!(cause.starts_with("overload/throttled;"), "{cause}");
    assert!(cause.contains("root=overload/upstream_shedding"), "{cause}");
    assert!(held.header("retry-after").is_some());
    assert_eq!(held.header("soe-attempts"), Some("0"));
    let pool = proxy.pool().await;
    assert!(pool["throttle"]["throttled"].as_u64() > Some(0), "{pool}");
    let status = lbctl(&proxy, &["pool", "status"]).await;
    assert!(status.stdout.contains("throttle holds"), "{status:?}");
    backend.set(Behaviour::OK);
    eventually("recovery is found", async || {
        get(proxy.address(), "/").await.unwrap();
        proxy.pool().await["throttle"]["held_back"] == 0.0
    })
    .await;
    assert_eq!(get(proxy.address(), "/").await.unwrap().status, 200);
}
