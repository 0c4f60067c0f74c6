use soe503_api::{
    BackendState, HealthCheckState, HealthHint, HintStatus, Overload, OverloadStage, Timestamp,
};

use super::{backends, view};
use crate::show::{
    Canvas,
    sample::{NOW, PIPE, plain, pools, terminal},
    style,
};

fn shown(wide: bool, canvas: Canvas) -> String {
    plain(&view::pools(&pools().pools, wide, NOW, canvas), canvas)
}

#[test]
fn in_a_pipe() {
    insta::assert_snapshot!(shown(false, PIPE));
}

#[test]
fn wide_in_a_pipe() {
    insta::assert_snapshot!(shown(true, PIPE));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(shown(false, terminal(80)));
}

#[test]
fn in_160_columns() {
    insta::assert_snapshot!(shown(false, terminal(160)));
}

#[test]
fn in_50_columns_every_fact_is_still_there() {
    let narrow = view::pools(&pools().pools, false, NOW, terminal(50));
    let narrow = anstream::adapter::strip_str(&narrow).to_string();
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let narrow = words(&narrow);
    for word in words(&shown(false, terminal(200))) {
        let column_head = word.chars().all(|c| c.is_ascii_uppercase());
        assert!(
            narrow.contains(&word) || word == "·" || column_head,
            "{word} is lost"
        );
    }
}

#[test]
fn no_pools() {
    assert_eq!(
        view::pools(&[], false, NOW, PIPE),
        "no pools are configured\n"
    );
}

/// The colours carry meaning, so they are part of the contract with the eye.
#[test]
fn colours_by_meaning() {
    let text = view::pools(&pools().pools, false, NOW, terminal(160));
    let has = |style: anstyle::Style, word: &str| {
        let painted = format!("{style}{word}{style:#}");
        assert!(text.contains(&painted), "{word} in {style:?}");
    };
    has(style::GOOD, "●");
    has(style::GOOD, "up");
    has(style::BAD, "ejected");
    has(style::BAD, "DOWN");
    has(style::WARN, "warming");
    has(style::HELD, "disabled");
    has(style::BAD, "118 failed");
    has(style::GOOD, "12 prevented");
    has(style::WARN, "118 refused");
}

#[test]
fn a_name_cannot_paint_the_terminal() {
    let mut pools = pools().pools;
    pools[0].name = "app\x1b[2J".into();
    pools[0].backends[1].reason = Some("\x1b]0;owned\x07".into());
    let text = view::pools(&pools, false, NOW, PIPE);
    assert!(!text.contains("\x1b[2J") && !text.contains("\x1b]0"));
    assert!(text.contains("app?[2J") && text.contains("?]0;owned?"));
}

#[test]
fn why_tells_what_happens_next() {
    let pool = &pools().pools[0];
    let why = |change: fn(&mut soe503_api::Backend)| {
        let mut backend = pool.backends[1].clone();
        change(&mut backend);
        backends::why(&backend, NOW)
    };
    assert_eq!(
        why(|_| {}).unwrap(),
        "connection refused; 4 failures in a row; probe in 2s"
    );
    assert_eq!(
        why(|b| b.until = Some(NOW)).unwrap(),
        "connection refused; 4 failures in a row; probe due"
    );
    assert_eq!(
        why(|b| {
            b.state = BackendState::Down;
            b.reason = None;
            b.until = None;
        })
        .unwrap(),
        "dependency_failure/connect_refused; 4 failures in a row; check: connection refused"
    );
    assert_eq!(backends::why(&pool.backends[0], NOW), None);
}

#[test]
fn what_the_backend_says_of_itself_is_shown_once() {
    let hint = |component: Option<&str>, status, output: Option<&str>| HealthHint {
        component: component.map(Into::into),
        status,
        output: output.map(Into::into),
    };
    let mut backend = pools().pools[0].backends[0].clone();
    backend.health_check.hints = vec![
        hint(Some("db"), HintStatus::Fail, Some("connection refused")),
        hint(Some("cache"), HintStatus::Warn, None),
    ];
    let said = "db fails: connection refused; cache warns";
    assert_eq!(backends::why(&backend, NOW).as_deref(), Some(said));
    backend.reason = Some(format!("GET /health answered 503: {said}"));
    let reason = backend.reason.clone();
    assert_eq!(backends::why(&backend, NOW), reason);
    backend.reason = None;
    backend.health_check.hints = vec![hint(None, HintStatus::Fail, None)];
    let said = backends::why(&backend, NOW);
    assert_eq!(said.as_deref(), Some("the backend fails"));
    backend.health_check.hints[0].output = Some("\x1b[2J".into());
    let mut pool = pools().pools[0].clone();
    pool.backends = vec![backend];
    assert!(!view::pools(&[pool], true, NOW, PIPE).contains("\x1b[2J"));
}

#[test]
fn a_broken_check_is_no_failed_backend() {
    let mut pool = pools().pools[0].clone();
    let backend = &mut pool.backends[0];
    backend.reason = Some(
        "the health check is broken: GET /healthz answered 404, and requests are answered".into(),
    );
    backend.health_check.state = HealthCheckState::Failing;
    backend.health_check.overruled = true;
    backend.health_check.last_status = None;
    backend.health_check.last_error = Some("GET /healthz answered 404".into());
    pool.backends.truncate(1);
    let text = plain(&view::pools(&[pool], true, NOW, PIPE), PIPE);
    let row = text.lines().last().unwrap();
    let expected =
        "the health check is broken: GET /healthz answered 404, and requests are answered";
    assert!(
        row.contains("  up  ") && row.contains("broken 1s ago"),
        "{row}"
    );
    assert!(row.starts_with("  ~ ") && row.ends_with(expected), "{row}");
}

#[test]
fn limits_of_backends_and_what_is_cut_are_shown() {
    let mut pool = pools().pools[0].clone();
    pool.backends[0].max_in_flight = Some(3);
    pool.queue.for_backends = 4;
    pool.overload = Some(Overload {
        stage: OverloadStage::QueueCut,
        since: Timestamp::from_unix_millis(NOW.unix_millis() - 7_000),
        goodput: 20.4,
        usual: 98.0,
        useful: 0.21,
        retry_share: 0.12,
    });
    let text = plain(&view::pools(&[pool], true, NOW, PIPE), PIPE);
    let row = text.lines().find(|line| line.contains("app-1")).unwrap();
    assert!(row.contains("  3 of 3  "), "{row}");
    assert!(text.contains("4 waiting for a place"), "{text}");
    let said = "OVERLOAD keeps itself going: retries and the wait are cut since 7s; \
                21 % of the attempts were answered well, 12 % were retries; \
                20 good answers per second, 98 are usual";
    assert!(text.contains(said), "{text}");
}
