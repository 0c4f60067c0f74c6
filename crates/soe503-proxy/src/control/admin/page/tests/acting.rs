use http::{Method, StatusCode};
use soe503_api::CircuitState;

use super::{ORIGIN, Scene, between, encoded, scene, text};

const DRAIN: &str = "/api/v1/pools/app/backends/third/drain";

/// The token in the form of the question about `path`.
async fn token(scene: &Scene, path: &str) -> String {
    let (status, page) = scene.page(&format!("/act?path={path}")).await;
    assert_eq!(status, 200, "{page}");
    between(&page, "name=\"token\" value=\"", "\"").to_owned()
}

/// Answers the question about `path` with yes; what came of it.
async fn act(scene: &Scene, path: &str, more: &[(&str, &str)]) -> (u16, String) {
    let token = token(scene, path).await;
    let form = [&[("path", path), ("token", &token)], more].concat();
    let answer = scene.post(&form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
    let done = answer.headers()["location"].to_str().unwrap().to_owned();
    scene.page(&done).await
}

fn state(scene: &Scene) -> String {
    let pool = scene.proxy.pool("app").unwrap();
    let pool = super::super::super::view::pool(&pool, crate::control::clock::Anchor::now());
    let third = pool
        .backends
        .into_iter()
        .find(|one| one.name == "third")
        .unwrap();
    let reason = third.reason.unwrap_or_default();
    format!("{:?} {reason}", third.state)
}

#[tokio::test]
async fn a_backend_is_drained_disabled_and_enabled() {
    let scene = scene();
    let (status, page) = act(
        &scene,
        DRAIN,
        &[("reason", "a new disk"), ("minutes", "30")],
    )
    .await;
    assert_eq!(status, 200);
    assert!(
        page.contains("Draining backend third of pool app."),
        "{page}"
    );
    assert_eq!(state(&scene), "Draining a new disk");
    let (_, overview) = scene.page("/").await;
    assert!(
        overview.contains("a new disk") && overview.contains(", next <time"),
        "with its end"
    );
    act(&scene, "/api/v1/pools/app/backends/third/enable", &[]).await;
    assert!(!state(&scene).starts_with("Draining"), "{}", state(&scene));
    act(
        &scene,
        "/api/v1/pools/app/backends/third/disable",
        &[("reason", " "), ("minutes", "")],
    )
    .await;
    assert_eq!(
        state(&scene),
        "Disabled disable by an operator, no reason given"
    );
}

#[tokio::test]
async fn a_circuit_is_held_and_reset() {
    let scene = scene();
    let pool = scene.proxy.pool("app").unwrap();
    let circuit = || {
        super::super::super::view::circuit_state(pool.breaker.snapshot(soe503::clock::now()).state)
    };
    act(
        &scene,
        "/api/v1/pools/app/breaker/open",
        &[("reason", "it burns")],
    )
    .await;
    assert_eq!(circuit(), CircuitState::Open);
    act(&scene, "/api/v1/pools/app/breaker/close", &[]).await;
    assert_eq!(circuit(), CircuitState::Closed);
    act(&scene, "/api/v1/pools/app/breaker/reset", &[]).await;
    assert!(pool.breaker.snapshot(soe503::clock::now()).forced.is_none());
}

#[tokio::test]
async fn maintenance_begins_and_ends_and_the_configuration_is_read_again() {
    let scene = scene();
    let (_, page) = act(
        &scene,
        "/api/v1/maintenance/app/start",
        &[("reason", "moving"), ("minutes", "5")],
    )
    .await;
    assert!(page.contains("Maintenance of app has begun."), "{page}");
    let (_, overview) = scene.page("/").await;
    assert!(
        overview.contains("in force") && overview.contains("moving"),
        "{overview}"
    );
    let end = "/api/v1/maintenance/app/end";
    assert!(overview.contains(&format!("value=\"{end}\"")));
    act(&scene, end, &[]).await;
    let (_, overview) = scene.page("/").await;
    assert!(overview.contains("None in force, none planned."));
    let (status, page) = act(&scene, "/api/v1/config/reload", &[]).await;
    assert_eq!(status, 200);
    assert!(page.contains("is in force"), "{page}");
}

#[tokio::test]
async fn without_a_token_of_ours_nothing_is_done() {
    let scene = scene();
    let other = token(&scene, "/api/v1/pools/app/backends/third/disable").await;
    let elsewhere = token(&self::scene(), DRAIN).await;
    for token in ["", "0.0", &other, &elsewhere] {
        let answer = scene.post(&[("path", DRAIN), ("token", token)]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{token}");
        assert!(text(answer).await.contains("Nothing was changed."));
    }
    assert!(!state(&scene).contains("Draining"));
}

#[tokio::test]
async fn a_form_comes_from_a_page_of_this_origin() {
    let scene = scene();
    let token = token(&scene, DRAIN).await;
    let body = encoded(&[("path", DRAIN), ("token", &token)]);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let from: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "same-site")],
        &[ORIGIN, ("sec-fetch-site", "cross-site")],
    ];
    for from in from {
        let answer = scene
            .ask(Method::POST, "/act", &[&[kind], from].concat(), &body)
            .await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{from:?}");
        assert!(!state(&scene).contains("Draining"), "{from:?}");
    }
    for from in [ORIGIN, ("sec-fetch-site", "same-origin")] {
        let answer = scene.ask(Method::POST, "/act", &[kind, from], &body).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{from:?}");
    }
    // Programs have the API, and its bodies are no forms.
    let answer = scene.ask(Method::POST, "/act", &[ORIGIN], &body).await;
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_and_what_was_typed_is_kept() {
    let scene = scene();
    let token = token(&scene, DRAIN).await;
    let form = [
        ("path", DRAIN),
        ("token", &*token),
        ("reason", "\"><b>x"),
        ("minutes", "soon"),
    ];
    let answer = scene.post(&form).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let page = text(answer).await;
    assert!(
        page.contains("not a whole number") && page.contains("value=\"&quot;&gt;&lt;b&gt;x\""),
        "{page}"
    );
    let gone = "/api/v1/pools/app/backends/fourth/drain";
    let (status, page) = act(&scene, gone, &[]).await;
    assert_eq!(status, 409);
    assert!(
        page.contains("There is no backend called &quot;fourth&quot;."),
        "{page}"
    );
    let long = "x".repeat(600);
    let (status, page) = act(&scene, DRAIN, &[("reason", &long)]).await;
    assert_eq!(status, 409);
    assert!(page.contains("longer than 500 bytes"), "{page}");
    let (status, page) = act(&scene, DRAIN, &[("minutes", "0")]).await;
    assert_eq!(status, 409, "an end that is now: {page}");
    assert!(!state(&scene).contains("Draining"));
}

#[tokio::test]
async fn what_came_of_an_act_can_be_loaded_again_without_doing_it_again() {
    let scene = scene();
    let token = token(&scene, DRAIN).await;
    let answer = scene.post(&[("path", DRAIN), ("token", &token)]).await;
    let done = answer.headers()["location"].to_str().unwrap().to_owned();
    scene
        .proxy
        .pool("app")
        .unwrap()
        .pool
        .enable("third", soe503::clock::now())
        .unwrap();
    for _ in 0..2 {
        let (status, page) = scene.page(&done).await;
        assert_eq!(status, 200);
        assert!(page.contains("Draining backend third"));
    }
    assert!(!state(&scene).contains("Draining"));
}
