//! Each state has its word, its mark and its why.

use soe503_api as api;
use soe503_api::{
    BackendState, CircuitState, ForcedCircuit, HealthCheckState, Overload, OverloadStage,
    PoolState, RetriesCut,
};

use super::super::backend::fingerprint;
use super::super::html::Html;
use super::super::incident::{Extent, incident};
use super::super::model::Model;
use super::super::overview;
use super::{between, config_of, scene, scene_of};
use crate::control::clock::Anchor;

fn model() -> Model {
    Model::gather(&scene().proxy, Anchor::now())
}

fn page(model: &Model) -> String {
    overview::pieces(model).document()
}

#[tokio::test]
async fn a_backend_tells_its_state_and_why() {
    for (state, mark, word, act) in [
        (BackendState::Up, "✓", "up", "Drain"),
        (BackendState::Warming, "◔", "warming", "Drain"),
        (BackendState::Starting, "◌", "starting", "Drain"),
        (BackendState::Down, "✕", "down", "Drain"),
        (BackendState::Ejected, "⏏", "ejected", "Drain"),
        (BackendState::Draining, "⇥", "draining", "Enable"),
        (BackendState::Disabled, "■", "disabled", "Enable"),
        (BackendState::Unknown, "?", "unknown", "Drain"),
    ] {
        let mut model = model();
        let backend = &mut model.pools[0].backends[0];
        backend.state = state;
        backend.reason = Some("connection refused".into());
        backend.health_check.state = HealthCheckState::Failing;
        backend.health_check.last_error = Some("404 instead of 2xx".into());
        let page = page(&model);
        let row = between(&page, "<tr role=\"row\" id=\"b0-0\"", "</tr>");
        for part in [
            mark,
            word,
            act,
            "connection refused",
            "fails",
            "404 instead of 2xx",
        ] {
            assert!(row.contains(part), "{state:?}: no {part:?} in {row}");
        }
        assert_eq!(
            row.contains("since <time"),
            state != BackendState::Up,
            "{state:?}"
        );
        let value = between(row, "<button form=\"act\" name=\"path\" value=\"", "\"");
        assert_eq!(
            value,
            format!(
                "/api/v1/pools/app/backends/10.0.0.1%3A8081/{}",
                act.to_lowercase()
            )
        );
    }
}

#[tokio::test]
async fn a_pool_and_its_circuit_tell_their_state() {
    for (state, title, class) in [
        (PoolState::Ok, "All is well", "summary good"),
        (PoolState::Degraded, "Pool app is degraded", "summary busy"),
        (PoolState::Down, "Pool app is down", "summary bad"),
    ] {
        let mut model = model();
        model.pools[0].state = state;
        let page = page(&model);
        assert!(page.contains(title) && page.contains(class), "{state:?}");
    }
    for (state, forced, word, reset) in [
        (CircuitState::Closed, None, "closed", false),
        (CircuitState::Open, None, "open", true),
        (CircuitState::HalfOpen, None, "half open", true),
        (
            CircuitState::Open,
            Some(ForcedCircuit::Open),
            "held open",
            true,
        ),
        (
            CircuitState::Closed,
            Some(ForcedCircuit::Closed),
            "held closed",
            true,
        ),
    ] {
        let mut model = model();
        let circuit = &mut model.pools[0].circuit;
        circuit.state = state;
        circuit.forced = forced;
        circuit.reason = Some("5 consecutive failures".into());
        circuit.root = Some("dependency_failure/connect_refused".into());
        let page = page(&model);
        let told = between(&page, "<div class=\"circuit\">", "</div>");
        assert!(
            told.contains(&format!("</span>{word}</span>")),
            "{state:?}: {told}"
        );
        assert!(
            told.contains(
                "5 consecutive failures: <code>dependency_failure/connect_refused</code>"
            )
        );
        assert_eq!(told.contains(">Reset<"), reset, "{state:?}");
    }
}

#[tokio::test]
async fn what_is_cut_is_told() {
    let mut model = model();
    let now = model.now;
    let pool = &mut model.pools[0];
    pool.panic = true;
    pool.retry_budget.cut = Some(RetriesCut::MostFail);
    pool.overload = Some(Overload {
        stage: OverloadStage::Shedding,
        since: now,
        goodput: 12.0,
        usual: 340.0,
        useful: 0.1,
        retry_share: 0.5,
    });
    let page = page(&model);
    for part in [
        "checks not believed",
        "Nothing is retried",
        "most attempts fail",
        "12 good answers a second instead of 340",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!self::page(&self::model()).contains("Nothing is retried"));
}

#[tokio::test]
async fn what_is_found_about_a_pool_is_told_though_no_request_fails() {
    let mut model = model();
    model.pools[0].findings = vec![api::Finding {
        cause: "dependency_failure/response_timeout".into(),
        title: "One is <slow>".into(),
        grade: api::Grade::Inferred,
        backends: vec!["third".into(), "fourth".into()],
        evidence: vec!["p99 900 ms instead of 12 ms".into()],
    }];
    let page = page(&model);
    let told = between(&page, "<p class=\"finding\">", "</p>");
    for part in [
        "One is &lt;slow&gt;",
        "dependency_failure/response_timeout",
        "inferred",
        "third, fourth",
        "p99 900 ms instead of 12 ms",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!self::page(&self::model()).contains("class=\"finding\""));
}

#[tokio::test]
async fn a_large_pool_names_those_that_are_not_well() {
    let mut model = Model::gather(&scene_of(&config_of(100)).proxy, Anchor::now());
    for (at, backend) in model.pools[0].backends.iter_mut().enumerate() {
        backend.state = if at % 10 == 0 {
            BackendState::Ejected
        } else {
            BackendState::Up
        };
        backend.reason = (at % 10 == 0).then(|| format!("reason {at}"));
    }
    let page = page(&model);
    let map = between(&page, "<div class=\"map\" id=\"p0-map\">", "</div>");
    assert!(map.contains("10 ejected, 90 up"), "{map}");
    assert!(
        map.contains("reason 70") && !map.contains("reason 80"),
        "{map}"
    );
    assert!(map.contains("and 2 others"), "{map}");
    let cells = |class: &str| {
        between(map, &format!("<path class=\"{class}\" d=\""), "\"")
            .matches('M')
            .count()
    };
    assert_eq!(
        (cells("good"), cells("bad"), cells("busy"), cells("off")),
        (90, 10, 0, 0)
    );
}

#[tokio::test]
async fn a_shutdown_is_told() {
    let mut model = model();
    model.draining = true;
    assert!(page(&model).contains("Shutting down"));
}

#[tokio::test]
async fn an_incident_says_in_short_what_it_is_and_folds_the_rest() {
    let text = include_str!("../../../../../../soe503-api/tests/golden/incident.json");
    let mut told: api::Incident = serde_json::from_str(text).unwrap();
    told.summary.title = "A <b>title</b>".into();
    let drawn = |extent| {
        let mut out = Html::default();
        incident(&mut out, &told, extent);
        out.into_string()
    };
    let whole = drawn(Extent::Whole);
    assert!(!whole.contains("<details"), "{whole}");
    let ruled_out = &*told.ruled_out[0].because;
    assert!(whole.contains(ruled_out) && !whole.contains("left out"));
    for (extent, open_fix) in [(Extent::First, true), (Extent::Further, false)] {
        let page = drawn(extent);
        let (open, folded) = page.split_once("<details").unwrap();
        assert!(open.contains("A &lt;b&gt;title&lt;/b&gt;") && open.contains("<b>41</b> failed"));
        assert_eq!(open.contains("<h4>Fix now"), open_fix, "{open}");
        assert_ne!(folded.contains("<h4>Fix now"), open_fix, "once: {folded}");
        for part in ["<h4>Evidence", "<h4>Verify", "<h4>Causes", "<h4>Timeline"] {
            assert!(!open.contains(part) && folded.contains(part), "{part}");
        }
        assert!(!page.contains(ruled_out), "that is on its own page");
    }
}

#[tokio::test]
async fn of_many_incidents_the_first_shows_its_fix() {
    let text = include_str!("../../../../../../soe503-api/tests/golden/incident.json");
    let told: api::Incident = serde_json::from_str(text).unwrap();
    let mut model = model();
    for number in 0..7 {
        let mut one = told.clone();
        one.summary.id = format!("01K{number}");
        model.incidents.push(one.summary.clone());
        if number < 5 {
            model.open.push(one);
        }
    }
    let page = page(&model);
    let incidents = between(&page, "<section id=\"incidents\"", "id=\"traffic\"");
    assert!(incidents.contains("<span class=\"count\">7</span>"));
    assert_eq!(incidents.matches("<details").count(), 5);
    let first = incidents.split("</article>").next().unwrap();
    let open = first.split("<details").next().unwrap();
    assert!(open.contains("Fix now"), "{open}");
    assert!(incidents.contains("2 other open incidents"), "{incidents}");
}

#[tokio::test]
async fn what_is_not_to_be_held_back_is_told_apart() {
    let model = model();
    let calm = &model.pools[0].backends[0];
    let counted = api::Backend {
        requests: calm.requests + 1,
        in_flight: 7,
        ..calm.clone()
    };
    assert_eq!(fingerprint(calm), fingerprint(&counted));
    let changes: [fn(&mut api::Backend); 4] = [
        |one| one.state = BackendState::Ejected,
        |one| one.reason = Some("connection refused".into()),
        |one| one.health_check.state = HealthCheckState::Failing,
        |one| one.health_check.overruled = true,
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = calm.clone();
        change(&mut changed);
        assert_ne!(fingerprint(calm), fingerprint(&changed), "{at}");
    }
}
