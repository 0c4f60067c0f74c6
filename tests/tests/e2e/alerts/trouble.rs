//! Targets that do not listen, or are not who they should be.

use std::time::Duration;

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::get;
use soe503_tests::proxy::{Proxy, config, eventually, free_address, lbctl};

use super::more;
use super::receiver::{Manner, Receiver};
use crate::incidents::scene::{api, ask, opened};
use crate::tls::support::{Authority, Files};

/// Down, slow, garbage: they are counted, and nobody else notices.
#[tokio::test]
async fn targets_that_do_not_listen_cost_nobody_anything() {
    let (slow, garbage, endless, good) = (
        Receiver::start(Manner::Silent).await,
        Receiver::start(Manner::Garbage).await,
        Receiver::start(Manner::Endless).await,
        Receiver::start(Manner::Status(200)).await,
    );
    let target = |name: &str, url: &str| {
        format!("[alerts.{name}]\nkind = \"webhook\"\nurl = \"{url}\"\ntimeout = \"500ms\"\n")
    };
    let targets = [
        target("down", &format!("http://{}/", free_address())),
        target("slow", &slow.url("/")),
        target("garbage", &garbage.url("/")),
        target("endless", &endless.url("/")),
        target("unknown", "http://does-not-exist.invalid/"),
        target("good", &good.url("/good")),
    ]
    .concat();
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let dead = format!(
        "[pools.dead]\nbackends = [\"http://{}\"]\nride_out = \"0s\"\n",
        free_address()
    );
    let text = config(&[backend.address()], &more(&format!("{targets}{dead}"))).replace(
        "[[routes]]",
        "[[routes]]\nmatch = { path_prefix = \"/dead\" }\npool = \"dead\"\n[[routes]]",
    );
    let mut proxy = Proxy::start(&text).await;
    let failing = ["down", "endless", "garbage", "slow", "unknown"];
    let view = async || {
        let all = api(&proxy, "/api/v1/alerts").await;
        all["alerts"].as_array().unwrap().clone()
    };
    eventually("those that do not listen are counted", async || {
        get(proxy.address(), "/dead").await.unwrap();
        let all = view().await;
        let all = all
            .iter()
            .filter(|one| failing.contains(&text_of(one, "name")));
        all.filter(|one| one["retried"].as_u64() >= Some(2)).count() == failing.len()
    })
    .await;
    good.gets("/good", |body| body["type"] == "incident.opened")
        .await;
    // Requests go on meanwhile, one after the other, none of them slow or wrong.
    for _ in 0..200 {
        let answer = tokio::time::timeout(Duration::from_secs(10), ask(&proxy)).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    for one in view().await {
        let name = text_of(&one, "name").to_owned();
        let state = if name == "good" { "ok" } else { "failing" };
        assert_eq!(one["state"], state, "{one:#}");
        assert!(one["queued"].as_u64() <= Some(2), "{one:#}");
    }
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    for target in failing {
        let line = format!("soe503_alerts_failing{{target=\"{target}\"}} 1\n");
        assert!(metrics.contains(&line), "{line}: {metrics}");
        let retried = format!("soe503_alerts_retried_total{{target=\"{target}\"}} ");
        let count = metrics
            .lines()
            .find_map(|line| line.strip_prefix(&*retried));
        assert!(count.unwrap().parse::<u64>().unwrap() >= 2, "{metrics}");
    }
    let told = lbctl(&proxy, &["alerts"]).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    for word in ["no answer within 500ms", "refused", "failing"] {
        assert!(told.stdout.contains(word), "{word}: {}", told.stdout);
    }
    // The end does not wait for them, or not for long.
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// What was to be told when the process is ended is told then.
#[tokio::test]
async fn what_waits_is_told_at_the_end() {
    let to = Receiver::start(Manner::Status(503)).await;
    let target = format!(
        "[alerts.team]\nkind = \"webhook\"\nurl = \"{}\"\n",
        to.url("/hook")
    );
    let mut proxy = Proxy::before(&[free_address()], &more(&target)).await;
    let id = opened(&proxy).await["id"].clone();
    // By now the pauses are long enough for what follows.
    eventually("it was tried a few times", async || {
        to.came("/hook").len() >= 4
    })
    .await;
    to.set(Manner::Status(200));
    proxy.signal("TERM").await;
    assert_eq!(proxy.ended().await.code(), Some(0), "{}", proxy.log());
    let came = to.came("/hook");
    assert_eq!(came[came.len() - 1].json()["data"]["incident"]["id"], id);
    let log = proxy.log();
    assert!(log.contains("alert delivered"), "{log}");
}

/// Over TLS, to whom the certificate says it is, and to nobody else.
#[tokio::test]
async fn over_tls_only_who_has_the_certificate_is_told() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let files = Files::new();
    let good = Receiver::start_tls(Manner::Status(200), &ours.issue(&["localhost"])).await;
    let strange = Receiver::start_tls(Manner::Status(200), &theirs.issue(&["localhost"])).await;
    let named = Receiver::start_tls(Manner::Status(200), &ours.issue(&["other.example"])).await;
    let ca = files.write("ca.pem", &ours.pem());
    let target = |name: &str, to: &Receiver| {
        format!(
            "[alerts.{name}]\nkind = \"webhook\"\nurl = \"{}\"\nca = \"{ca}\"\n",
            to.url("/hook")
        )
    };
    let targets = [
        target("good", &good),
        target("strange", &strange),
        target("named", &named),
    ]
    .concat();
    let proxy = Proxy::before(&[free_address()], &more(&targets)).await;
    let id = opened(&proxy).await["id"].clone();
    let told = good.gets("/hook", |body| body["type"] == "incident.opened");
    assert_eq!(told.await.json()["data"]["incident"]["id"], id);
    eventually("the others are not trusted", async || {
        let all = api(&proxy, "/api/v1/alerts").await;
        let mut all = all["alerts"].as_array().unwrap().iter();
        all.all(|one| {
            let trusted = one["name"] == "good";
            let trouble = one["trouble"].as_str().unwrap_or_default();
            trusted == (one["state"] == "ok") && trusted != trouble.contains("certificate")
        })
    })
    .await;
    for other in [&strange, &named] {
        assert!(other.came("/hook").is_empty(), "nobody else is told");
    }
}
