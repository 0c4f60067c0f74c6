//! TLS for clients.

use std::process::Stdio;

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{get, once};
use soe503_tests::proxy::{Proxy, config, eventually, soe503_says};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::tls::clients::{Making, TLS12, TLS13, ask, der, head, shown};
use crate::tls::support::{Authority, Files, Pair};

/// Certificates by name, and a proxy that presents them before a backend that is fine.
struct Scene {
    authority: Authority,
    files: Files,
    shop: Pair,
    wild: Pair,
    backend: FaultyBackend,
    proxy: Proxy,
}

async fn scene(more: &str) -> Scene {
    let (authority, files) = (Authority::new(), Files::new());
    files.write("ca.pem", &authority.pem());
    let shop = authority.issue(&["shop.example", "127.0.0.1"]);
    let wild = authority.issue(&["*.wild.example"]);
    let more = more.replace("@ca@", &files.path("ca.pem").display().to_string());
    let tls = format!(
        "tls = {{ certificates = [{}, {}]{more} }}\nexplain",
        files.pair("shop", &shop),
        files.pair("wild", &wild)
    );
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let config = config(&[backend.address()], "").replacen("explain", &tls, 1);
    let proxy = Proxy::start(&config).await;
    Scene {
        authority,
        files,
        shop,
        wild,
        backend,
        proxy,
    }
}

/// The value of a metric, whose line begins with `series`.
pub(crate) async fn metric(proxy: &Proxy, series: &str) -> f64 {
    let page = get(proxy.admin(), "/metrics").await.unwrap().text();
    let found = page.lines().find_map(|line| line.strip_prefix(series));
    found
        .unwrap_or_else(|| panic!("no {series} in {page}"))
        .trim()
        .parse()
        .unwrap()
}

fn failures(proxy: &Proxy, reason: &str) -> String {
    let listener = proxy.address();
    format!("soe503_tls_handshake_failures_total{{listener=\"{listener}\",reason=\"{reason}\"}}")
}

#[tokio::test]
async fn both_versions_and_the_backend_learns_of_https() {
    let scene = scene("").await;
    for (versions, name) in [(TLS12, "1.2"), (TLS13, "1.3")] {
        let making = Making {
            versions,
            ..Making::of(&scene.authority)
        };
        let client = making.client();
        let stream = client
            .connect(scene.proxy.address(), "shop.example")
            .await
            .unwrap();
        assert_eq!(
            stream.get_ref().1.protocol_version(),
            Some(versions[0].version)
        );
        let answer = client
            .get(scene.proxy.address(), "shop.example")
            .await
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let request = scene.backend.last().unwrap();
        assert_eq!(request.header("x-forwarded-proto"), Some("https"));
        let listener = scene.proxy.address();
        let series =
            format!("soe503_tls_handshakes_total{{listener=\"{listener}\",version=\"{name}\"}}");
        eventually("both handshakes are counted", async || {
            metric(&scene.proxy, &series).await >= 2.0
        })
        .await;
    }
}

#[tokio::test]
async fn the_name_decides_which_certificate() {
    let scene = scene("").await;
    let client = Making::of(&scene.authority).client();
    for (name, pair) in [
        ("shop.example", &scene.shop),
        ("a.wild.example", &scene.wild),
        // No name at all: an address is none (RFC 6066 §3).
        ("127.0.0.1", &scene.shop),
    ] {
        let stream = client.connect(scene.proxy.address(), name).await.unwrap();
        assert_eq!(shown(&stream), der(pair), "{name}");
    }
    // Everybody else gets the first, and refuses it.
    let refused = client.connect(scene.proxy.address(), "else.example").await;
    assert!(refused.unwrap_err().to_string().contains("certificate"));
    eventually("the refusal is counted", async || {
        metric(&scene.proxy, &failures(&scene.proxy, "client_alert")).await == 1.0
    })
    .await;
}

#[tokio::test]
async fn the_protocol_is_agreed_on_in_the_handshake() {
    let scene = scene("").await;
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let making = Making {
            alpn: offered,
            ..Making::of(&scene.authority)
        };
        let client = making.client();
        let stream = client
            .connect(scene.proxy.address(), "shop.example")
            .await
            .unwrap();
        let found = stream.get_ref().1.alpn_protocol();
        assert_eq!(found, agreed.map(str::as_bytes), "{offered:?}");
        if agreed != Some("h2") {
            let answer = client
                .get(scene.proxy.address(), "shop.example")
                .await
                .unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        }
    }
    let strange = Making {
        alpn: &["gopher"],
        ..Making::of(&scene.authority)
    };
    strange
        .client()
        .connect(scene.proxy.address(), "shop.example")
        .await
        .unwrap_err();
    eventually("it is counted", async || {
        metric(&scene.proxy, &failures(&scene.proxy, "no_common_protocol")).await == 1.0
    })
    .await;
}

#[tokio::test]
async fn an_old_version_is_refused_where_a_new_one_is_wanted() {
    let scene = scene(", min_version = \"1.3\"").await;
    let old = Making {
        versions: TLS12,
        ..Making::of(&scene.authority)
    };
    old.client()
        .connect(scene.proxy.address(), "shop.example")
        .await
        .unwrap_err();
    eventually("it is counted and logged", async || {
        metric(&scene.proxy, &failures(&scene.proxy, "no_common_version")).await == 1.0
            && scene.proxy.log().contains("no_common_version")
    })
    .await;
    let new = Making::of(&scene.authority).client();
    let answer = new
        .get(scene.proxy.address(), "shop.example")
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn clients_show_certificates_where_they_must() {
    let scene = scene(", client_auth = { ca = \"@ca@\" }").await;
    let to = scene.proxy.address();
    let good = scene.authority.issue(&["partner.example"]);
    let bad = Authority::new().issue(&["partner.example"]);
    let shows = |shows| {
        Making {
            shows,
            ..Making::of(&scene.authority)
        }
        .client()
    };
    let answer = shows(Some(&good)).get(to, "shop.example").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    shows(None).get(to, "shop.example").await.unwrap_err();
    shows(Some(&bad)).get(to, "shop.example").await.unwrap_err();
    assert_eq!(scene.backend.counts().requests, 1);
    for reason in ["no_client_certificate", "bad_client_certificate"] {
        eventually(reason, async || {
            metric(&scene.proxy, &failures(&scene.proxy, reason)).await == 1.0
        })
        .await;
    }
}

#[tokio::test]
async fn clients_may_show_none_where_it_is_optional_but_no_bad_one() {
    let scene = scene(", client_auth = { ca = \"@ca@\", required = false }").await;
    let to = scene.proxy.address();
    let client = Making::of(&scene.authority).client();
    let answer = client.get(to, "shop.example").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let bad = Authority::new().issue(&["partner.example"]);
    let making = Making {
        shows: Some(&bad),
        ..Making::of(&scene.authority)
    };
    making.client().get(to, "shop.example").await.unwrap_err();
}

#[tokio::test]
async fn sessions_are_resumed() {
    let scene = scene("").await;
    let client = Making::of(&scene.authority).client();
    for _ in 0..2 {
        let answer = client
            .get(scene.proxy.address(), "shop.example")
            .await
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let listener = scene.proxy.address();
    let series = format!("soe503_tls_resumed_total{{listener=\"{listener}\"}}");
    assert_eq!(metric(&scene.proxy, &series).await, 1.0);
}

#[tokio::test]
async fn the_last_answer_is_whole_and_its_end_is_said() {
    let scene = scene("").await;
    for versions in [TLS12, TLS13] {
        let making = Making {
            versions,
            ..Making::of(&scene.authority)
        };
        let client = making.client();
        let to = scene.proxy.address();
        let mut stream = client.connect(to, "shop.example").await.unwrap();
        // A ticket may come with the answer, and the closing alert too.
        ask(&mut stream, "").await.unwrap();
        let first = head(&mut stream).await.unwrap();
        assert!(first.starts_with("http/1.1 200 "), "{first}");
        ask(&mut stream, "Connection: close\r\n").await.unwrap();
        let last = head(&mut stream).await.unwrap();
        assert!(last.contains("connection: close"), "{last}");
        // An end that was not said is an error.
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn plain_http_is_told_so_and_silence_is_cut_off() {
    let scene = scene(", handshake_timeout = \"300ms\"").await;
    let to = scene.proxy.address();
    let request = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let answer = once(to, request).await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("use https"), "{}", answer.text());
    // A client that says nothing, and one that begins and stops.
    let mut silent = TcpStream::connect(to).await.unwrap();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    for reason in ["plain_http", "timeout"] {
        eventually(reason, async || {
            metric(&scene.proxy, &failures(&scene.proxy, reason)).await == 1.0
        })
        .await;
    }
    let refused = once(to, "\u{1}\u{2}\u{3}").await;
    assert!(refused.is_err());
    assert_eq!(scene.backend.counts().requests, 0);
}

#[tokio::test]
async fn a_load_balancer_may_say_first_who_the_client_is() {
    let (authority, files) = (Authority::new(), Files::new());
    let tls = format!(
        "tls = {{ certificates = [{}] }}\nproxy_protocol = \"require\"\n\
         trusted = [\"127.0.0.0/8\"]\nexplain",
        files.pair("shop", &authority.issue(&["shop.example"]))
    );
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let config = config(&[backend.address()], "").replacen("explain", &tls, 1);
    let proxy = Proxy::start(&config).await;
    let mut tcp = TcpStream::connect(proxy.address()).await.unwrap();
    let header = b"PROXY TCP4 203.0.113.9 192.0.2.1 5555 443\r\n";
    tcp.write_all(header).await.unwrap();
    let client = Making::of(&authority).client();
    let mut stream = client.over(tcp, "shop.example").await.unwrap();
    ask(&mut stream, "").await.unwrap();
    assert!(
        head(&mut stream)
            .await
            .unwrap()
            .starts_with("http/1.1 200 ")
    );
    let request = backend.last().unwrap();
    assert_eq!(request.header("x-forwarded-for"), Some("203.0.113.9"));
    assert_eq!(request.header("x-forwarded-proto"), Some("https"));
}

#[tokio::test]
async fn a_connection_stays_for_many_requests() {
    let scene = scene("").await;
    let client = Making::of(&scene.authority).client();
    let mut stream = client
        .connect(scene.proxy.address(), "shop.example")
        .await
        .unwrap();
    for _ in 0..20 {
        ask(&mut stream, "").await.unwrap();
        assert!(
            head(&mut stream)
                .await
                .unwrap()
                .starts_with("http/1.1 200 ")
        );
    }
}

#[tokio::test]
async fn check_says_what_is_wrong_with_a_certificate() {
    let scene = scene("").await;
    let other = scene.authority.issue(&["other.example"]);
    let mixed = Pair {
        cert: scene.shop.cert.clone(),
        key: other.key,
    };
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:1\"\ntls = {{ certificates = [{}] }}\n\
         [[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:2\"]\n",
        scene.files.pair("mixed", &mixed)
    );
    let file = scene.files.write("soe503.toml", &text);
    let said = soe503_says(&["check", &file]).await;
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    for word in [
        "soe503.toml:3:",
        "is not the key of the certificate",
        "mixed.key",
    ] {
        assert!(said.stderr.contains(word), "no {word} in {}", said.stderr);
    }
}

/// What curl says, or `None` on a machine without it.
async fn curl(scene: &Scene, arguments: &[&str]) -> Option<String> {
    let port = scene.proxy.address().port();
    let mut command = Command::new("curl");
    command
        .args([
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            "--max-time",
            "20",
        ])
        .args(["--write-out", "%{http_code} %{http_version}", "--cacert"])
        .arg(scene.files.path("ca.pem"))
        .args(["--resolve", &format!("shop.example:{port}:127.0.0.1")])
        .args(["--resolve", &format!("a.wild.example:{port}:127.0.0.1")])
        .args(arguments)
        .stdin(Stdio::null());
    match command.output().await {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => {
            eprintln!("not tested: curl cannot be run: {error}");
            None
        }
    }
}

#[tokio::test]
async fn curl_is_content() {
    let scene = scene("").await;
    let port = scene.proxy.address().port();
    let shop = format!("https://shop.example:{port}/");
    let wild = format!("https://a.wild.example:{port}/");
    for (arguments, expected) in [
        (&["--http1.1", &*shop][..], "200 1.1"),
        (&["--http2", &shop], "200 2"),
        (&["--tls-max", "1.2", "--http1.1", &shop], "200 1.1"),
        (&["--tlsv1.3", "--http2", &wild], "200 2"),
        (&["--no-alpn", &shop], "200 1.1"),
    ] {
        let Some(said) = curl(&scene, arguments).await else {
            return;
        };
        assert_eq!(said, expected, "{arguments:?}");
    }
}
