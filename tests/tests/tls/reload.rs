//! Certificates that change on disk.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::post;
use soe503_tests::proxy::{Proxy, config, eventually};

use crate::clients::{Making, TLS12, ask, der, head, shown};
use crate::listener::metric;
use crate::support::{Authority, Files};

const APPLIED: &str = "soe503_tls_certificate_reloads_total{result=\"applied\"}";
const REFUSED: &str = "soe503_tls_certificate_reloads_total{result=\"refused\"}";

#[tokio::test]
async fn a_new_certificate_is_used_and_open_connections_go_on() {
    let (authority, files) = (Authority::new(), Files::new());
    let (first, second) = (
        authority.issue(&["shop.example"]),
        authority.issue(&["shop.example"]),
    );
    let tls = format!(
        "tls = {{ certificates = [{}] }}\nexplain",
        files.pair("shop", &first)
    );
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let text = config(&[backend.address()], "").replacen("explain", &tls, 1);
    let proxy = Proxy::start(&text).await;
    let to = proxy.address();
    let new_client = || Making::of(&authority).client();
    let mut open = new_client().connect(to, "shop.example").await.unwrap();
    assert_eq!(shown(&open), der(&first));

    // Half of a change: the key of another certificate. What worked stays.
    files.write("shop.key", &second.key);
    eventually("the half change is refused", async || {
        metric(&proxy, REFUSED).await == 1.0
    })
    .await;
    assert!(proxy.log().contains("is not the key of the certificate"));
    let stream = new_client().connect(to, "shop.example").await.unwrap();
    assert_eq!(shown(&stream), der(&first));

    files.pair("shop", &second);
    eventually("the change is applied", async || {
        metric(&proxy, APPLIED).await >= 1.0
    })
    .await;
    let stream = new_client().connect(to, "shop.example").await.unwrap();
    assert_eq!(shown(&stream), der(&second));
    ask(&mut open, "").await.unwrap();
    assert!(head(&mut open).await.unwrap().starts_with("http/1.1 200 "));

    // The config names other files: taken over with it.
    let third = authority.issue(&["shop.example"]);
    let tls = format!(
        "tls = {{ certificates = [{}], min_version = \"1.3\" }}\nexplain",
        files.pair("third", &third)
    );
    proxy.rewrite(&config(&[backend.address()], "").replacen("explain", &tls, 1));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let stream = new_client().connect(to, "shop.example").await.unwrap();
    assert_eq!(shown(&stream), der(&third));
    let old = Making {
        versions: TLS12,
        ..Making::of(&authority)
    };
    old.client().connect(to, "shop.example").await.unwrap_err();
    ask(&mut open, "").await.unwrap();
    assert!(head(&mut open).await.unwrap().starts_with("http/1.1 200 "));

    // Switching TLS off is for a restart.
    proxy.rewrite(&config(&[backend.address()], ""));
    let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(answer.status, 422, "{}", answer.text());
}
