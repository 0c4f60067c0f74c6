//! Pools that name one address share its connections.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::Connection;
use soe503_tests::proxy::Proxy;

/// Three pools around `backend`, of which the last keeps connections for another time.
fn three_pools(backend: std::net::SocketAddr) -> String {
    format!(
        r#"
[server]
name = "edge"
workers = 1
[admin]
address = "@admin@"
[[listeners]]
address = "@listen@"
[[routes]]
match = {{ path_prefix = "/first" }}
pool = "first"
[[routes]]
match = {{ path_prefix = "/second" }}
pool = "second"
[[routes]]
match = {{ path_prefix = "/other" }}
pool = "other"
[pools.first]
backends = ["http://{backend}"]
idle_timeout = "1m"
[pools.second]
backends = ["http://{backend}"]
idle_timeout = "1m"
[pools.other]
backends = ["http://{backend}"]
idle_timeout = "50s"
"#
    )
}

#[tokio::test]
async fn pools_of_one_address_and_the_same_options_use_the_same_connection() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let proxy = Proxy::start(&three_pools(backend.address())).await;
    let mut client = Connection::open(proxy.address()).await.unwrap();
    let mut opened = Vec::new();
    for path in ["/first", "/second", "/first", "/second", "/other", "/other"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nX-Load-Id: 1\r\n\r\n");
        client.send(request.as_bytes()).await.unwrap();
        assert_eq!(client.answer(false).await.unwrap().status, 200);
        opened.push(backend.counts().connections);
    }
    assert_eq!(opened, [1, 1, 1, 1, 2, 2]);
}
