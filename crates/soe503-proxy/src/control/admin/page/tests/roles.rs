use http::{Method, StatusCode};

use super::watching::{clock, drain, watch};
use super::{CONFIG, Scene, encoded, parsed, scene_for, text};
use crate::config::{AdminAccess, AdminToken, AdminTokens, Config, TokenFile};

const OPERATOR: &str = "correct-horse-battery";
const READER: &str = "a-reader-and-no-more";
const BUTTON: &str = "form=\"act\"";

fn config(operator: &str) -> Config {
    let file = |token| TokenFile::new("token".into(), AdminToken::new(token).unwrap());
    let tokens = AdminTokens::new(Some(file(operator)), Some(file(READER))).unwrap();
    let mut config = parsed(CONFIG);
    config.admin.as_mut().unwrap().access = AdminAccess::by_tokens(tokens);
    config
}

/// A scene that is looked at with this token.
fn scene(token: &'static str) -> Scene {
    let mut scene = scene_for(config(OPERATOR), clock);
    scene.token = Some(token);
    scene
}

#[tokio::test]
async fn a_reader_sees_every_page_and_no_button() {
    let (reader, operator) = (scene(READER), scene(OPERATOR));
    for path in [
        "/",
        "/incidents",
        "/incidents/nowhere",
        "/config",
        "/done/1",
    ] {
        let (status, page) = reader.page(path).await;
        let (same, full) = operator.page(path).await;
        assert_eq!(status, same, "{path}");
        assert!(
            page.contains("read only") && !page.contains(BUTTON),
            "{page}"
        );
        assert!(!full.contains("read only"), "{full}");
        let buttons = matches!(path, "/" | "/config");
        assert_eq!(full.contains(BUTTON), buttons, "{full}");
    }
    let (_, page) = reader.page("/").await;
    assert!(
        page.contains("third") && page.contains("10.0.0.3:8081"),
        "{page}"
    );
}

#[tokio::test]
async fn a_reader_cannot_ask_and_cannot_act() {
    let reader = scene(READER);
    let path = "/act?path=/api/v1/pools/app/backends/third/drain";
    let answer = reader.ask(Method::GET, path, &[], "").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert!(text(answer).await.contains("[admin].token_file"));
    // Not with a form that an operator was given, either.
    let mut both = scene(OPERATOR);
    let drain = "/api/v1/pools/app/backends/third/drain";
    let (_, page) = both.page(&format!("/act?path={drain}")).await;
    let token = super::between(&page, "name=\"token\" value=\"", "\"").to_owned();
    let form = [("path", drain), ("token", &*token)];
    both.token = Some(READER);
    assert_eq!(both.post(&form).await.status(), StatusCode::FORBIDDEN);
    let (_, pool) = both.page("/api/v1/pools/app").await;
    assert!(!pool.contains("draining"), "{pool}");
    both.token = Some(OPERATOR);
    assert_eq!(both.post(&form).await.status(), StatusCode::SEE_OTHER);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let plain = both
        .ask(Method::POST, "/act", &[kind], &encoded(&form))
        .await;
    assert_eq!(plain.status(), StatusCode::FORBIDDEN, "no page says so");
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_to_a_page_has_buttons_for_who_may_press_them() {
    for (token, buttons) in [(OPERATOR, true), (READER, false)] {
        let scene = scene(token);
        let mut stream = watch(&scene).await;
        drain(&scene, "third");
        let event = stream.news().await.unwrap();
        assert_eq!(event.name, "parts");
        assert!(event.data.contains("third"), "{}", event.data);
        assert_eq!(
            event.data.contains("form=\\\"act\\\""),
            buttons,
            "{}",
            event.data
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_watches_is_asked_for_a_token_again_once_it_is_another() {
    let scene = scene(READER);
    let mut stream = watch(&scene).await;
    assert_eq!(stream.next().await.unwrap().name, "beat");
    scene.proxy.apply(config(OPERATOR));
    assert_eq!(stream.next().await.unwrap().name, "beat", "nothing is new");
    scene.proxy.apply(config("battery-horse-correct"));
    for _ in 0..20 {
        let Some(event) = stream.next().await else {
            return;
        };
        assert_ne!(event.name, "end", "this process goes on");
    }
    panic!("it goes on with a token that is none any more");
}
