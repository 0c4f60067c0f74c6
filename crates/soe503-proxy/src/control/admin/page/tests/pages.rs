use http::{Method, StatusCode};

use super::{Scene, config_of, scene, scene_of};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"' \u{202e}gpj";

/// What a page must not have in it, whatever it shows.
fn assert_clean(page: &str) {
    for bad in ["<img", "style=\"", "<script>", "javascript:", "\u{202e}"] {
        assert!(!page.contains(bad), "{bad:?} in {page}");
    }
    let handlers = page
        .split('<')
        .skip(1)
        .map(|tag| tag.split('>').next().unwrap_or_default());
    for tag in handlers {
        // Quoted values are text: only the names of attributes count.
        let names: String = tag.split('"').step_by(2).collect();
        assert!(!names.contains(" on"), "a handler in <{tag}>");
    }
}

#[tokio::test]
async fn all_pages_are_whole_and_say_what_may_be_loaded() {
    let scene = scene();
    for (path, status, says) in [
        ("/", 200, "All is well"),
        ("/incidents", 200, "None is known."),
        ("/incidents/nowhere", 404, "Unknown incident"),
        ("/config", 200, "[[listeners]]"),
        (
            "/act?path=/api/v1/config/reload",
            200,
            "Reload the configuration?",
        ),
        ("/act?path=/metrics", 404, "No such act"),
        ("/done/nothing", 404, "Not known any more"),
    ] {
        let answer = scene.ask(Method::GET, path, &[], "").await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let headers = answer.headers().clone();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        for forbids in [
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(forbids), "{policy}");
        }
        assert_eq!(headers["cache-control"], "no-store");
        let page = super::text(answer).await;
        assert!(
            page.starts_with("<!doctype html>") && page.ends_with("</html>"),
            "{path}"
        );
        assert!(page.contains(says), "{path}: {page}");
        assert!(page.contains("edge-eu1"), "{path}");
        assert_clean(&page);
    }
    for (path, kind) in [
        ("/style.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let answer = scene.ask(Method::GET, path, &[], "").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with(kind)
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn the_page_is_behind_the_guard() {
    let scene = scene();
    for path in [
        "/",
        "/live",
        "/config",
        "/act?path=/api/v1/config/reload",
        "/page.js",
    ] {
        let elsewhere = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")];
        let answer = scene.ask(Method::GET, path, &elsewhere, "").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let answer = scene.ask(Method::POST, "/", &[super::ORIGIN], "").await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let scene = scene();
    let pool = scene.proxy.pool("app").unwrap();
    let now = soe503::clock::now();
    pool.pool.drain("third", HOSTILE, None, now).unwrap();
    let _forced = pool.breaker.force_open(now, HOSTILE);
    let (service, note) = (HOSTILE, "</script><script>alert(2)</script>");
    report(&scene, &serde_json::json!({ "kind": "deploy", "service": service, "everything": true, "note": note, "by": HOSTILE }).to_string()).await;
    let maintenance = serde_json::json!({ "reason": HOSTILE, "by": HOSTILE, "status_page": "javascript:alert(3)" });
    scene
        .ask(
            Method::POST,
            "/api/v1/maintenance/app/start",
            &[],
            &maintenance.to_string(),
        )
        .await;
    let (_, page) = scene.page("/").await;
    let told = page
        .matches("&lt;img src=x onerror=alert(1)&gt;&quot;&#39; \u{fffd}gpj")
        .count();
    assert!(
        told >= 5,
        "reason of a backend, of a circuit, of a maintenance, a service, a person: {told} in {page}"
    );
    assert!(
        !page.contains("status page"),
        "a link that is none of the web"
    );
    assert_clean(&page);
}

async fn report(scene: &Scene, change: &str) {
    let answer = scene
        .ask(Method::POST, "/api/v1/changes", &[], change)
        .await;
    assert_eq!(answer.status(), StatusCode::OK, "{change}");
}

#[tokio::test]
async fn a_thousand_backends_are_one_page() {
    let scene = scene_of(&config_of(1_000));
    let (_, page) = scene.page("/").await;
    assert_eq!(page.matches("data-backend").count(), 1_000);
    assert!(page.contains("<summary>All 1\u{202f}000 backends</summary>"));
    assert!(page.contains("id=\"p0-map\"") && page.contains("id=\"filter\""));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let (_, small) = self::scene().page("/").await;
    assert!(
        !small.contains("id=\"p0-map\"") && !small.contains("id=\"filter\""),
        "a few need no map and no filter"
    );
}

#[tokio::test]
async fn no_pool_is_said_to_be_none() {
    let mut model =
        super::super::model::Model::gather(&scene().proxy, crate::control::clock::Anchor::now());
    model.pools.clear();
    let page = super::super::overview::pieces(&model).document();
    assert!(
        page.contains("No pool is configured.") && page.contains("There is nothing to watch yet.")
    );
}

#[tokio::test]
async fn what_is_not_measured_yet_is_no_zero() {
    let scene = scene();
    let facts = async || {
        let (_, page) = scene.page("/").await;
        let words = ["<dt>requests/s</dt><dd>–<", "<dt>requests/s</dt><dd>0<"];
        let times = words.map(|word| page.matches(word).count());
        (times, page.contains("Not measured yet"))
    };
    let proxy = &scene.proxy;
    let look = || {
        proxy
            .history
            .look(proxy, crate::control::clock::Anchor::now());
    };
    // In the sum and in the pool.
    assert_eq!(facts().await, ([2, 0], true));
    look();
    assert_eq!(facts().await, ([2, 0], true));
    look();
    assert_eq!(facts().await, ([0, 2], false));
}
