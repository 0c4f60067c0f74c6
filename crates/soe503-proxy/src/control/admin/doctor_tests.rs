//! What is gathered, and how it is told.

use soe503_core::advice::Kind;

use super::*;
use crate::config::from_str;
use crate::control::access_log::AccessLog;
use crate::control::clock::Anchor;
use crate::control::recorder::Recorder;
use crate::state::{Finish, Origin};

/// The more specific route comes last in the file, and first in the config.
const CONFIG: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
timeout = "6s"
retry = { attempt_timeout = "2s" }
[[routes]]
match = { path_prefix = "/slow" }
pool = "app"
timeout = "6s"
[pools.app]
backends = ["http://10.0.0.1:80", "http://10.0.0.2:80"]
"#;

fn finish(cause: Option<Cause>, took: Duration) -> Finish {
    Finish {
        status: Some(if cause.is_some() { 504 } else { 200 }),
        origin: match cause {
            Some(_) => Origin::Generated,
            None => Origin::Upstream,
        },
        cause,
        attempts: 1,
        prevented: false,
        hedged: false,
        degraded: None,
        took,
    }
}

fn scene() -> Proxy {
    let config = from_str("test", CONFIG).unwrap_or_else(|report| panic!("{report}"));
    Proxy::new(config, Recorder::default(), AccessLog::off())
}

fn examined(proxy: &Proxy) -> api::Doctor {
    let now = proxy.started.after(Duration::from_secs(90));
    examine(proxy, now, Anchor::now().date(proxy.started))
}

#[test]
fn a_proxy_that_has_seen_nothing_tells_the_lints_of_its_file() {
    let doctor = examined(&scene());
    assert_eq!(
        (doctor.window_ms, doctor.requests, doctor.failed),
        (90_000, 0, 0)
    );
    assert_eq!(doctor.advice, []);
    let lints: Vec<_> = doctor
        .lints
        .iter()
        .map(|lint| (&*lint.id, &*lint.key))
        .collect();
    assert_eq!(
        lints,
        [("retries_do_not_fit", "routes[1].retry.attempt_timeout")]
    );
    assert_eq!(doctor.lints[0].line, Some(8));
}

#[test]
fn failures_since_the_start_are_counted_by_their_cause_and_told_with_the_route_of_the_file() {
    let proxy = scene();
    let pool = proxy.pool("app").unwrap();
    // Answers within 25 ms; what hangs is beyond every edge.
    for _ in 0..2000 {
        pool.counters
            .finish(&finish(None, Duration::from_millis(20)));
    }
    let hung = finish(
        Some(Cause::DependencyResponseTimeout),
        Duration::from_secs(6),
    );
    for _ in 0..3 {
        pool.counters.finish(&hung);
    }
    let doctor = examined(&proxy);
    assert_eq!((doctor.requests, doctor.failed), (2003, 3));
    let [advice] = &doctor.advice[..] else {
        panic!("{doctor:?}");
    };
    assert_eq!(advice.id, Kind::AttemptTimeoutLong.id());
    assert_eq!(advice.key, "routes[1].retry.attempt_timeout");
    assert_eq!(advice.route.as_deref(), Some("*/slow/"));
    // One and a half times the edge, and no less than 50 ms.
    assert_eq!(advice.set.as_deref(), Some("\"50ms\""));
    assert_eq!(advice.what, "set `retry.attempt_timeout = \"50ms\"`");
    assert_eq!(advice.would_have_saved, 3);
}

#[test]
fn what_would_have_saved_most_comes_first() {
    let more = "[[routes]]\nmatch = { path_prefix = \"/late\" }\npool = \"late\"\n[pools.late]\nbackends = [\"http://10.0.0.3:80\", \"http://10.0.0.4:80\"]\n";
    let config = from_str("test", &format!("{CONFIG}{more}"));
    let config = config.unwrap_or_else(|report| panic!("{report}"));
    let proxy = Proxy::new(config, Recorder::default(), AccessLog::off());
    for (name, count) in [("app", 3), ("late", 10)] {
        let pool = proxy.pool(name).unwrap();
        for _ in 0..count {
            let refused = finish(Some(Cause::ConfigLimitTooLow), Duration::ZERO);
            pool.counters.finish(&refused);
        }
    }
    let doctor = examined(&proxy);
    let saved = doctor.advice.iter();
    let saved: Vec<_> = saved
        .map(|one| (&*one.pool, one.would_have_saved))
        .collect();
    assert_eq!(saved, [("late", 10), ("app", 3)]);
}

#[test]
fn a_percentile_beyond_the_last_edge_is_not_known() {
    let proxy = scene();
    let counters = &proxy.pool("app").unwrap().counters;
    let seen = || answers(&counters.answered.snapshot());
    assert_eq!(seen(), Latencies::default());
    for _ in 0..1000 {
        counters.answered.record(Duration::from_millis(3));
    }
    counters.answered.record(Duration::from_secs(40));
    let known = Latencies {
        count: 1001,
        p999: Some(Duration::from_millis(5)),
    };
    assert_eq!(seen(), known);
    counters.answered.record(Duration::from_secs(40));
    assert_eq!(
        seen().p999,
        None,
        "two of 1002 are more than one in a thousand"
    );
}
