use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::timeout;

use super::super::super::connection::HangUp;
use super::super::live::STREAMS;
use super::{CONFIG, Scene, between, config_of, scene_by};
use crate::control::clock::Anchor;

fn scene() -> Scene {
    scene_of(CONFIG)
}

fn scene_of(config: &str) -> Scene {
    scene_by(config, clock)
}

/// A date that goes with tokio's clock, which tests pause, and is read a few milliseconds late now and then.
pub(super) fn clock() -> Anchor {
    let tick = soe503::clock::now();
    let since_start = Duration::from_nanos(tick.as_nanos());
    let late = Duration::from_millis(since_start.as_secs() % 3);
    Anchor::new(
        tick,
        Duration::from_secs(1_795_369_268) + since_start + late,
    )
}

/// A stream of events.
pub(super) struct Stream(Response);

#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
    id: Option<String>,
}

impl Stream {
    /// The next one; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let frame = timeout(Duration::from_secs(60), self.0.body_mut().frame()).await;
        let frame = frame.expect("an event within a minute")?.unwrap();
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        assert!(text.ends_with("\n\n"), "whole events: {text}");
        let field = |name: &str| {
            let mut lines = text.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|value| value.trim_start().to_owned())
        };
        Some(Event {
            name: field("event").unwrap_or_default(),
            data: field("data").unwrap_or_default(),
            id: field("id"),
        })
    }

    /// The next one that is no beat.
    pub(super) async fn news(&mut self) -> Option<Event> {
        for _ in 0..10 {
            let event = self.next().await?;
            if event.name != "beat" {
                return Some(event);
            }
        }
        panic!("nothing but beats");
    }
}

/// A page that has just been loaded, and is being kept up to date.
pub(super) async fn watch(scene: &Scene) -> Stream {
    let (_, page) = scene.page("/").await;
    let live = between(&page, "data-live=\"", "\"");
    let answer = scene
        .ask(Method::GET, &format!("/live?from={live}"), &[], "")
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    Stream(answer)
}

pub(super) fn drain(scene: &Scene, backend: &str) {
    let pool = scene.proxy.pool("app").unwrap();
    pool.pool
        .drain(backend, "a test", None, soe503::clock::now())
        .unwrap();
}

fn parts(event: &Event) -> Vec<(String, String)> {
    let data: Value = serde_json::from_str(&event.data).unwrap();
    serde_json::from_value(data["parts"].clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_sent_and_nothing_else() {
    let scene = scene();
    let mut stream = watch(&scene).await;
    assert_eq!(stream.next().await.unwrap().name, "beat", "at once");
    drain(&scene, "third");
    let event = stream.news().await.unwrap();
    assert_eq!(event.name, "parts");
    let changed = parts(&event);
    let ids: Vec<&str> = changed.iter().map(|(id, _)| &**id).collect();
    assert!(ids.contains(&"b0-1"), "{ids:?}");
    assert!(
        !ids.contains(&"b0-0") && !ids.contains(&"traffic"),
        "{ids:?}"
    );
    let (_, row) = changed.iter().find(|(id, _)| id == "b0-1").unwrap();
    assert!(
        row.starts_with("<tr role=\"row\" id=\"b0-1\"") && row.contains("draining"),
        "{row}"
    );
    let news: Value = serde_json::from_str(&event.data).unwrap();
    let said = news["news"].as_array().unwrap();
    assert!(
        said.contains(&"Backend third of pool app is draining.".into()),
        "{said:?}"
    );
    let next = stream.next().await.unwrap();
    assert_eq!(next.name, "beat", "nothing has changed since: {next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_back_gets_what_it_has_missed() {
    let scene = scene();
    let mut stream = watch(&scene).await;
    drain(&scene, "third");
    let id = stream.news().await.unwrap().id.unwrap();
    drop(stream);
    drain(&scene, "10.0.0.1:8081");
    // The address of the stream says where the page stood when it was loaded: the last event counts.
    let answer = scene
        .ask(Method::GET, "/live?from=x", &[("last-event-id", &id)], "")
        .await;
    let event = Stream(answer).news().await.unwrap();
    let changed = parts(&event);
    assert!(changed.iter().any(|(id, _)| id == "b0-0"), "{changed:?}");
    assert!(!changed.iter().any(|(id, _)| id == "b0-1"), "it has that");
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_process_is_loaded_again() {
    let scene = scene();
    for from in ["", "-", "deadbeef-1", "x"] {
        let answer = scene
            .ask(Method::GET, &format!("/live?from={from}"), &[], "")
            .await;
        let event = Stream(answer).news().await.unwrap();
        assert_eq!(event.name, "again", "{from:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_backends_are_another_page() {
    let scene = scene();
    let mut stream = watch(&scene).await;
    let more = crate::config::from_str("test", &config_of(3)).unwrap();
    scene.proxy.apply(more);
    assert_eq!(stream.news().await.unwrap().name, "again");
    // New backends have news of their own; that they are others is told once.
    for _ in 0..3 {
        assert_ne!(stream.next().await.unwrap().name, "again");
    }
}

#[tokio::test(start_paused = true)]
async fn only_so_many_are_kept_up_to_date_at_once() {
    let scene = scene();
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(watch(&scene).await);
    }
    let one_more = || scene.ask(Method::GET, "/live?from=x", &[], "");
    let refused = one_more().await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "10");
    drop(streams.pop());
    // It is noticed when the browser is gone, not when there would be something to tell it.
    let admitted = async {
        while one_more().await.status() != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(1), admitted)
        .await
        .expect("a place is free");
}

#[tokio::test(start_paused = true)]
async fn who_takes_no_events_is_let_go() {
    let scene = scene();
    let hang_up = HangUp::default();
    let stream = scene
        .ask_on(&hang_up, Method::GET, "/live?from=x", &[], "")
        .await;
    assert!(hang_up.asked().now_or_never().is_none());
    let before = soe503::clock::now();
    timeout(Duration::from_secs(60), hang_up.asked())
        .await
        .expect("its connection is closed");
    let took = soe503::clock::now().since(before);
    assert!((10..=15).contains(&took.as_secs()), "{took:?}");
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_process_and_says_so() {
    let scene = scene();
    let mut stream = watch(&scene).await;
    scene.proxy.start_draining();
    let event = stream.news().await.unwrap();
    assert!(event.data.contains("Shutting down"), "{event:?}");
    assert_eq!(stream.news().await.unwrap().name, "end");
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_do_not_come_at_once_unless_they_matter() {
    let scene = scene_of(&config_of(1_000));
    let mut stream = watch(&scene).await;
    let pool = scene.proxy.pool("app").unwrap();
    let names: Vec<String> = pool
        .pool
        .backends()
        .iter()
        .map(|one| one.name.to_string())
        .collect();
    for name in &names[..3] {
        drain(&scene, name);
    }
    let event = stream.news().await.unwrap();
    let said: Value = serde_json::from_str(&event.data).unwrap();
    assert!(
        said["news"].as_array().unwrap().len() <= 5,
        "{:?}",
        said["news"]
    );
    let rows = parts(&event)
        .iter()
        .filter(|(id, _)| id.starts_with('b'))
        .count();
    assert_eq!(rows, 3);
    assert!(event.data.len() < 100_000, "{} bytes", event.data.len());
}
