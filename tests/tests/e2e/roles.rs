//! Operators and readers of the admin API, with the real binary: who may do what, tokens that are replaced, and what the log keeps.

use std::net::SocketAddr;

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{Answer, once};
use soe503_tests::proxy::{Proxy, config, eventually, lbctl_alone};
use tempfile::TempDir;

const OPERATOR: &str = "the-operator-of-this-test";
const READER: &str = "a-reader-and-no-more";

struct Scene {
    proxy: Proxy,
    tokens: TempDir,
    backend: FaultyBackend,
}

async fn scene() -> Scene {
    let tokens = TempDir::new().unwrap();
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let config = config(&[backend.address()], "");
    let path = |name: &str| tokens.path().join(name).display().to_string();
    let files = format!(
        "[admin]\ntoken_file = \"{}\"\nread_token_file = \"{}\"",
        path("operator"),
        path("reader")
    );
    std::fs::write(tokens.path().join("operator"), OPERATOR).unwrap();
    std::fs::write(tokens.path().join("reader"), READER).unwrap();
    let proxy = Proxy::start(&config.replace("[admin]", &files)).await;
    Scene {
        proxy,
        tokens,
        backend,
    }
}

impl Scene {
    fn admin(&self) -> SocketAddr {
        self.proxy.admin()
    }

    async fn ask(&self, line: &str, token: &str) -> Answer {
        let request = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
        );
        once(self.admin(), &request).await.unwrap()
    }

    /// `lbctl`, with the token in this file.
    async fn lbctl(&self, file: &str, arguments: &[&str]) -> soe503_tests::proxy::Said {
        let admin = format!("http://{}", self.admin());
        let file = self.tokens.path().join(file).display().to_string();
        let who = ["--admin", &admin, "--token-file", &file];
        lbctl_alone(&[&who, arguments].concat()).await
    }

    fn write(&self, name: &str, token: &str) {
        std::fs::write(self.tokens.path().join(name), token).unwrap();
    }

    /// The lines of the log that tell of acts.
    fn audit(&self) -> Vec<String> {
        let log = self.proxy.log();
        let lines = log
            .lines()
            .filter_map(|line| line.split_once("INFO audit "));
        lines.map(|(_, fields)| fields.to_owned()).collect()
    }
}

#[tokio::test]
async fn a_reader_looks_an_operator_acts_and_the_log_names_both() {
    let scene = scene().await;
    let name = scene.backend.address().to_string();
    for looks in ["/", "/metrics", "/api/v1/pools", "/api/v1/config"] {
        let answer = scene.ask(&format!("GET {looks}"), READER).await;
        assert_eq!(answer.status, 200, "{looks}");
        let text = answer.text();
        assert!(
            !text.contains(OPERATOR) && !text.contains(READER),
            "{looks}"
        );
    }
    let seen = scene.lbctl("reader", &["pool", "status"]).await;
    assert_eq!(seen.code, Some(0), "{seen:?}");
    let line = ["pool", "drain", "app", &name, "--reason", "new disks"];
    let refused = scene.lbctl("reader", &line).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("the operator's token"),
        "{refused:?}"
    );
    let done = scene.lbctl("operator", &line).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let act = format!("POST /api/v1/pools/app/backends/{name}/enable");
    assert_eq!(scene.ask(&act, "nobody-knows-this-one").await.status, 401);
    assert_eq!(scene.ask(&act, OPERATOR).await.status, 200);

    let what = format!("pool=\"app\" backend=\"{name}\"");
    eventually("all is told", async || scene.audit().len() >= 4).await;
    let audit = scene.audit();
    let lines: Vec<&str> = audit.iter().map(String::as_str).collect();
    let [reader, drain, nobody, enable] = lines[..] else {
        panic!("{audit:#?}");
    };
    for (line, words) in [
        (
            reader,
            [
                "role=\"reader\"",
                "/drain\"",
                "status=403 refused=\"read_only\"",
            ],
        ),
        (
            drain,
            [
                "role=\"operator\"",
                &what,
                "reason=\"new disks\" status=200",
            ],
        ),
        (
            nobody,
            [
                "via=\"api\"",
                "/enable\"",
                "status=401 refused=\"unauthorized\"",
            ],
        ),
        (enable, ["action=\"enable\"", &what, "status=200"]),
    ] {
        for word in words {
            assert!(line.contains(word), "no {word} in {line}");
        }
    }
    let log = scene.proxy.log();
    for secret in [OPERATOR, READER, "nobody-knows-this-one"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn tokens_are_replaced_while_the_process_runs() {
    let scene = scene().await;
    let status = async |token: &str| scene.ask("GET /api/v1/pools", token).await.status;
    scene.write("operator", "another-operator-now\n");
    eventually("the new one counts", async || {
        status("another-operator-now").await == 200
    })
    .await;
    assert_eq!(status(OPERATOR).await, 401);
    assert_eq!(status(READER).await, 200);
    // What cannot be used changes nothing, and is told.
    scene.write("operator", "");
    eventually("the empty file is told", async || {
        scene.proxy.log().contains("changed admin token not used")
    })
    .await;
    assert_eq!(status("another-operator-now").await, 200);
    let reload = "POST /api/v1/config/reload";
    let refused = scene.ask(reload, "another-operator-now").await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("token_file"), "{}", refused.text());
    assert_eq!(status("another-operator-now").await, 200);
    // A reload reads them at once.
    scene.write("operator", "the-third-operator-here");
    scene.proxy.signal("HUP").await;
    eventually("the third one counts", async || {
        status("the-third-operator-here").await == 200
    })
    .await;
    assert_eq!(status("another-operator-now").await, 401);
    let answer = scene.ask(reload, "the-third-operator-here").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
