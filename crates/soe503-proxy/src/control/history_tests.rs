use std::time::Duration;

use soe503_core::Tick;

use super::*;
use crate::config::from_str;
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::state::{Finish, Origin};

fn proxy() -> Proxy {
    let config = "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\nmatch = { path_prefix = \"/b\" }\npool = \"b\"\n[[routes]]\npool = \"a\"\n\
        [pools.a]\nbackends = [\"http://127.0.0.1:1\"]\n[pools.b]\nbackends = [\"http://127.0.0.1:2\"]\n";
    let config =
        from_str("test", config).unwrap_or_else(|report| panic!("{}", report.render(false)));
    Proxy::new(config, Recorder::default(), AccessLog::off())
}

fn at(step: u64) -> Anchor {
    Anchor::new(
        Tick::from_secs(100 + 5 * step),
        Duration::from_secs(1_795_369_268 + 5 * step),
    )
}

fn finish(proxy: &Proxy, pool: &str, cause: Option<Cause>, prevented: bool) {
    proxy.pool(pool).unwrap().counters.finish(&Finish {
        status: Some(if cause.is_some() { 503 } else { 200 }),
        origin: if cause.is_some() {
            Origin::Generated
        } else {
            Origin::Upstream
        },
        cause,
        attempts: 1,
        prevented,
        hedged: false,
        degraded: None,
        took: Duration::from_millis(1),
    });
}

#[test]
fn a_step_has_what_was_counted_in_it() {
    let proxy = proxy();
    finish(&proxy, "a", None, false);
    proxy.history.look(&proxy, at(0));
    assert_eq!(
        proxy.history.shown(),
        Shown::default(),
        "nothing is measured"
    );
    let refused = Cause::DependencyConnectRefused;
    for _ in 0..3 {
        finish(&proxy, "a", None, false);
        finish(&proxy, "b", Some(refused), false);
    }
    finish(&proxy, "a", None, true);
    proxy.history.look(&proxy, at(1));
    proxy.history.look(&proxy, at(2));
    let shown = proxy.history.shown();
    let counts = |requests, failed, saved| Counts {
        requests,
        failed,
        saved,
    };
    let all: Vec<Counts> = shown.all.iter().map(|step| step.counts).collect();
    assert_eq!(
        all,
        [counts(7, 3, 1), counts(0, 0, 0)],
        "what came before is nobody's"
    );
    assert_eq!(shown.all[0].causes, [(refused, 3)]);
    assert_eq!(shown.all[0].at.to_string(), "2026-11-22T17:41:13.000Z");
    assert_eq!(shown.pools["a"], [counts(4, 0, 1), counts(0, 0, 0)]);
    assert_eq!(shown.pools["b"], [counts(3, 3, 0), counts(0, 0, 0)]);
}

#[test]
fn it_is_bounded_and_a_pool_that_nobody_asks_has_none() {
    let proxy = proxy();
    for step in 0..(2 * STEPS as u64) {
        finish(&proxy, "a", None, false);
        proxy.history.look(&proxy, at(step));
    }
    let shown = proxy.history.shown();
    assert_eq!((shown.all.len(), shown.pools["a"].len()), (STEPS, STEPS));
    assert!(!shown.pools.contains_key("b"));
}

#[tokio::test(start_paused = true)]
async fn it_looks_every_five_seconds() {
    let proxy = Arc::new(proxy());
    let looking = tokio::spawn(run(Arc::clone(&proxy)));
    tokio::time::sleep(STEP * 3 + STEP / 2).await;
    assert_eq!(
        proxy.history.shown().all.len(),
        3,
        "what has happened since it looked first, at once"
    );
    looking.abort();
}
