//! A token has one request's failure told in full, whoever sends it.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{get, once, post};
use soe503_tests::proxy::{Proxy, config, free_address, lbctl_alone};

const KEY: &str = "2ZJpPR1AXq3yR6nYk9yP0Tq2k9Jv7v6WmC4x8bQe5sU=";

/// A proxy that tells strangers little, the address of a backend that is not there, and the key file.
async fn scene(pool: &str) -> (Proxy, String, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KEY).unwrap();
    let backend = free_address();
    let proxy = Proxy::start(&text(backend, pool, &file)).await;
    (proxy, backend.to_string(), file)
}

fn text(backend: std::net::SocketAddr, pool: &str, file: &tempfile::NamedTempFile) -> String {
    let explain = format!(
        "{pool}\n[explain]\ndebug_key_file = \"{}\"",
        file.path().display()
    );
    config(&[backend], &explain).replace("explain = \"full\"", "explain = \"public\"")
}

async fn token(file: &tempfile::NamedTempFile, more: &[&str]) -> String {
    let path = file.path().to_str().unwrap();
    let line = [&["debug-token", "--key-file", path][..], more].concat();
    let said = lbctl_alone(&line).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    said.stdout.trim_end().to_owned()
}

/// What is answered to a request with these fields.
async fn told(proxy: &Proxy, fields: &str) -> String {
    let request = format!(
        "GET /orders/7 HTTP/1.1\r\nHost: shop.example\r\n{fields}Connection: close\r\n\r\n"
    );
    let answer = once(proxy.address(), &request).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    answer.text()
}

async fn counted(proxy: &Proxy, result: &str) -> String {
    let metrics = get(proxy.admin(), "/metrics").await.unwrap().text();
    let name = format!("soe503_debug_tokens_total{{result=\"{result}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}"))
        .to_owned()
}

#[tokio::test]
async fn who_has_a_token_is_told_everything_and_others_are_not() {
    let (proxy, backend, file) = scene("").await;
    for (more, full) in [
        (&[][..], true),
        (&["--host", "shop.example", "--path", "/orders"], true),
        (&["--host", "pay.example"], false),
        (&["--path", "/order"], false),
    ] {
        let field = format!("Soe503-Debug: {}\r\n", token(&file, more).await);
        let text = told(&proxy, &field).await;
        assert_eq!(text.contains(&backend), full, "{more:?}: {text}");
    }
    let good = token(&file, &[]).await;
    for field in [
        String::new(),
        "Soe503-Debug: full\r\n".to_owned(),
        format!("Soe503-Debug: {}\r\n", good.replacen("1.", "1.9", 1)),
        format!("Soe503-Debug: {good}\r\nSoe503-Debug: {good}\r\n"),
        format!("Soe503-Debug: {}\r\n", "a".repeat(4000)),
    ] {
        let text = told(&proxy, &field).await;
        assert!(!text.contains(&backend), "{field}: {text}");
        assert!(!text.to_lowercase().contains("token"), "{text}");
    }
    assert_eq!(counted(&proxy, "accepted").await, "2");
    assert_eq!(counted(&proxy, "elsewhere").await, "2");
    assert_eq!(counted(&proxy, "forged").await, "1");
    assert_eq!(counted(&proxy, "malformed").await, "3");
}

#[tokio::test]
async fn a_reload_reads_the_key_again() {
    let (proxy, backend, file) = scene("").await;
    let old = format!("Soe503-Debug: {}\r\n", token(&file, &[]).await);
    assert!(told(&proxy, &old).await.contains(&backend));
    std::fs::write(file.path(), KEY.replace('J', "K")).unwrap();
    let reloaded = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.text());
    assert!(!told(&proxy, &old).await.contains(&backend));
    let new = format!("Soe503-Debug: {}\r\n", token(&file, &[]).await);
    assert!(told(&proxy, &new).await.contains(&backend));
    // A file without a key puts nothing in force.
    std::fs::write(file.path(), "short").unwrap();
    let refused = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_ne!(refused.status, 200);
    assert!(
        refused.text().contains("debug_key_file"),
        "{}",
        refused.text()
    );
    assert!(told(&proxy, &new).await.contains(&backend));
}

#[tokio::test]
async fn no_backend_sees_a_token() {
    for own in [true, false] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), KEY).unwrap();
        let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
        // Nor does a proxy behind this one: its word would be given to whoever reads it there.
        let proxy = match own {
            true => Proxy::start(&text(backend.address(), "proxy = true", &file)).await,
            false => Proxy::before(&[backend.address()], "").await,
        };
        let field = token(&file, &[]).await;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nSoe503-Debug: {field}\r\nX-Mine: 1\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(once(proxy.address(), &request).await.unwrap().status, 200);
        let seen = backend.last().unwrap();
        assert_eq!(seen.header("soe503-debug"), None);
        assert_eq!(seen.header("x-mine"), Some("1"));
    }
}
