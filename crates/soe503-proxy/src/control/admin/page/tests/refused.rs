//! What is refused, and what could not be made: in words for people, as a document for programs.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::Value;

use super::watching::{clock, watch};
use super::{CONFIG, Scene, between, parsed, scene, scene_by, scene_for, text};
use crate::config::{AdminAccess, AdminToken, AdminTokens, TokenFile};
use crate::control::clock::Anchor;

const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

fn guarded() -> Scene {
    let token = AdminToken::new("correct-horse-battery").unwrap();
    let file = TokenFile::new("token".into(), token);
    let mut config = parsed(CONFIG);
    let access = AdminAccess::by_tokens(AdminTokens::new(Some(file), None).unwrap());
    config.admin.as_mut().unwrap().access = access;
    scene_for(config, clock)
}

fn kind(answer: &Response) -> &str {
    answer.headers()["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn a_person_who_is_not_let_in_reads_why_on_a_page_that_needs_nothing_else() {
    let scene = guarded();
    for path in ["/", "/nowhere", "/act?path=/api/v1/config/reload"] {
        let answer = scene.ask(Method::GET, path, &[BROWSER], "").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(kind(&answer), "text/html; charset=utf-8", "{path}");
        let headers = answer.headers().clone();
        let challenges = headers.get_all("www-authenticate");
        assert_eq!(challenges.iter().count(), 2, "a browser asks: {headers:?}");
        assert_eq!(headers["cache-control"], "no-store");
        let policy = headers["content-security-policy"].to_str().unwrap();
        let page = text(answer).await;
        let style = between(&page, "<style>", "</style>");
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
            )
        );
        for needed in ["src=", "<link", "edge-eu1"] {
            assert!(!page.contains(needed), "{needed}: {page}");
        }
        assert!(
            page.contains("A token or a certificate is needed</h1>")
                && page.contains("<code>Authorization: Bearer …</code>"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn programs_get_the_document_and_what_is_under_api_is_one_for_everybody() {
    let scene = guarded();
    for (path, headers) in [
        ("/", &[] as &[(&str, &str)]),
        ("/", &[("accept", "*/*")]),
        ("/live", &[("accept", "text/event-stream")]),
        ("/api/v1/pools", &[BROWSER]),
    ] {
        let answer = scene.ask(Method::GET, path, headers, "").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(kind(&answer), "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn whoever_guesses_too_much_reads_when_to_come_again() {
    let scene = guarded();
    let guess = [BROWSER, ("authorization", "Bearer wrong-and-wrong-again")];
    let refused = loop {
        let answer = scene.ask(Method::GET, "/", &guess, "").await;
        if answer.status() != StatusCode::UNAUTHORIZED {
            break answer;
        }
    };
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers().get_all("retry-after").iter().count(), 1);
    let page = text(refused).await;
    assert!(page.contains("Too many wrong credentials</h1>"), "{page}");
}

#[tokio::test]
async fn what_is_not_there_is_told_within_the_dashboard() {
    let scene = scene();
    for (method, path, status, says) in [
        (Method::GET, "/pools/app", 404, "There is no path called"),
        (Method::GET, "/incident", 404, "There is no path called"),
        (Method::PUT, "/config", 405, "Wrong method"),
        (Method::GET, "/act", 404, "No such act"),
    ] {
        let headers = [BROWSER, super::ORIGIN];
        let answer = scene.ask(method, path, &headers, "").await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(kind(&answer), "text/html; charset=utf-8", "{path}");
        assert!(!answer.headers().contains_key("refresh"), "{path}");
        let page = text(answer).await;
        for part in [says, "edge-eu1", "<nav", "href=\"/style.css\""] {
            assert!(page.contains(part), "{path}: no {part} in {page}");
        }
    }
}

#[tokio::test]
async fn a_verdict_is_what_was_asked_for() {
    let scene = scene();
    scene.proxy.start_draining();
    let answer = scene.ask(Method::GET, "/readyz", &[BROWSER], "").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kind(&answer), "application/json");
}

/// Whether the clock of the scene below is out of order.
static BROKEN: AtomicBool = AtomicBool::new(false);

fn clock_that_breaks() -> Anchor {
    assert!(!BROKEN.load(Relaxed), "out of order");
    clock()
}

#[tokio::test(start_paused = true)]
async fn an_overview_that_cannot_be_made_is_none_that_says_nothing_is_new() {
    let scene = scene_by(CONFIG, clock_that_breaks);
    let mut stream = watch(&scene).await;
    assert_eq!(stream.next().await.unwrap().name, "beat");
    BROKEN.store(true, Relaxed);
    assert!(stream.next().await.is_none(), "it ends");
    let answer = scene.ask(Method::GET, "/live?from=x", &[], "").await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(kind(&answer), "application/problem+json");
    let problem: Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(problem["title"], "Something went wrong here");

    let answer = scene.ask(Method::GET, "/", &[BROWSER], "").await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.headers()["refresh"], "15");
    let page = text(answer).await;
    assert!(
        page.contains("The overview could not be made") && page.contains("again every 15 s"),
        "{page}"
    );
    BROKEN.store(false, Relaxed);
    assert_eq!(scene.page("/").await.0, 200, "and goes on when it can");
    assert_eq!(watch(&scene).await.next().await.unwrap().name, "beat");
}
