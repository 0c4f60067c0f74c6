//! Certificates that change on disk.

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Connection, get, post};
use soe503_tests::proxy::{Proxy, config, eventually};

use crate::tls::clients::{Making, TLS12, ask, der, head, shown};
use crate::tls::listener::metric;
use crate::tls::support::{Authority, Files};

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
    eventually("the log says why", async || {
        proxy.log().contains("is not the key of the certificate")
    })
    .await;
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
}

/// The status of the answer to one more request on `client`.
async fn again(client: &mut Connection) -> u16 {
    client
        .send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    client.answer(false).await.unwrap().status
}

#[tokio::test]
async fn tls_is_turned_on_and_off_and_open_connections_stay_what_they_are() {
    let (authority, files) = (Authority::new(), Files::new());
    let pair = authority.issue(&["shop.example"]);
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let plain = config(&[backend.address()], "");
    let tls = format!(
        "tls = {{ certificates = [{}] }}\nexplain",
        files.pair("shop", &pair)
    );
    let secure = plain.replacen("explain", &tls, 1);
    let proxy = Proxy::start(&plain).await;
    let (to, client) = (proxy.address(), Making::of(&authority).client());
    let reload = async |text: &str, status: u16| {
        proxy.rewrite(text);
        let answer = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
    };
    let mut before = Connection::open(to).await.unwrap();
    assert_eq!(again(&mut before).await, 200);

    // Half of what has changed needs a restart, or is wrong: nothing of it is done.
    reload(
        &secure.replacen("explain", "trace_context = true\nexplain", 1),
        422,
    )
    .await;
    reload(&secure.replace("shop.pem", "nowhere.pem"), 422).await;
    assert_eq!(get(to, "/").await.unwrap().status, 200);

    reload(&secure, 200).await;
    let mut secured = client.connect(to, "shop.example").await.unwrap();
    ask(&mut secured, "").await.unwrap();
    assert!(
        head(&mut secured)
            .await
            .unwrap()
            .starts_with("http/1.1 200 ")
    );
    assert_eq!(get(to, "/").await.unwrap().status, 400, "it speaks TLS");
    assert_eq!(again(&mut before).await, 200);
    let next = authority.issue(&["shop.example"]);
    files.pair("shop", &next);
    eventually("files of TLS that was turned on are followed", async || {
        metric(&proxy, APPLIED).await >= 1.0
    })
    .await;

    reload(&plain, 200).await;
    assert_eq!(get(to, "/").await.unwrap().status, 200);
    client.connect(to, "shop.example").await.unwrap_err();
    ask(&mut secured, "").await.unwrap();
    assert!(
        head(&mut secured)
            .await
            .unwrap()
            .starts_with("http/1.1 200 ")
    );
    assert_eq!(again(&mut before).await, 200);
}
