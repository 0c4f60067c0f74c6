//! Who is told what: a listener's `explain`, and more for the networks that are to know more.

use soe503_tests::http::once;
use soe503_tests::proxy::{Proxy, config, free_address};

/// What a client on the loopback is told about a backend that is not there.
async fn told(explain: &str) -> (String, String) {
    let backend = free_address();
    let config = config(&[backend], "").replace("explain = \"full\"", explain);
    let proxy = Proxy::start(&config).await;
    // Who says of itself that it is somebody else is told no more for that.
    let request = "GET /orders HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nConnection: close\r\n\r\n";
    let answer = once(proxy.address(), request).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    (answer.text(), backend.to_string())
}

#[tokio::test]
async fn clients_of_these_networks_are_told_more_and_all_others_no_more() {
    for (explain, address, pool) in [
        ("explain = \"public\"", false, false),
        (
            "explain = \"public\"\nexplain_to = { full = [\"10.0.0.0/8\"], internal = [\"::1\"] }",
            false,
            false,
        ),
        (
            "explain = \"public\"\nexplain_to = { internal = [\"127.0.0.0/8\"] }",
            false,
            true,
        ),
        (
            "explain = \"public\"\nexplain_to = { full = [\"127.0.0.1\"], internal = [\"127.0.0.0/8\"] }",
            true,
            true,
        ),
        (
            "explain = \"full\"\nexplain_to = { internal = [\"127.0.0.0/8\"] }",
            true,
            true,
        ),
    ] {
        let (text, backend) = told(explain).await;
        assert_eq!(text.contains(&backend), address, "{explain}: {text}");
        assert_eq!(text.contains("\"pool\""), pool, "{explain}: {text}");
    }
}
