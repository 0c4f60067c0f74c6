//! A proxy whose admin API speaks TLS, certificates of all kinds, and who asks with them.

use std::io;
use std::net::SocketAddr;
use std::process::Stdio;

use rcgen::{CertificateParams, SanType, date_time_ymd};
use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::proxy::{Proxy, Said, config, eventually, lbctl_alone};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::client::TlsStream;

use crate::tls::clients::{Making, TLS13, head};
use crate::tls::support::{Authority, Files, Pair};

pub(super) const OPERATOR: &str = "the-operator-of-this-test";
pub(super) const READER: &str = "a-reader-and-no-more";
pub(super) const OPS: &str = "spiffe://example.org/ops";

/// Where it listens, as its certificate says.
pub(super) const NAME: &str = "edge.example";

/// Whose certificates there are, by the names of their files.
pub(super) struct People {
    /// `spiffe://example.org/ops`
    pub(super) ops: Pair,
    /// `watch.example`
    pub(super) watch: Pair,
}

pub(super) struct Scene {
    pub(super) proxy: Proxy,
    pub(super) backend: FaultyBackend,
    /// Signs what the proxy presents.
    pub(super) servers: Authority,
    pub(super) people: People,
    pub(super) files: Files,
    text: String,
}

/// A scene with these keys beside `ca` in `client_auth`, and these in `[admin]`.
pub(super) async fn scene(client_auth: &str, more: &str) -> Scene {
    let files = Files::new();
    let (servers, clients) = (Authority::called("servers"), Authority::called("clients"));
    files.write("servers.pem", &servers.pem());
    files.write("clients.pem", &clients.pem());
    files.write("operator", OPERATOR);
    files.write("reader", READER);
    let uri = |uri: &str| vec![SanType::URI(uri.try_into().unwrap())];
    let people = People {
        ops: clients.issue_with(&[], |params| params.subject_alt_names = uri(OPS)),
        watch: clients.issue(&["watch.example"]),
    };
    files.pair("ops", &people.ops);
    files.pair("watch", &people.watch);
    // Of another authority; of the right one, and over; one that is called like the right one.
    let foreign = Authority::called("foreign");
    let as_ops = |params: &mut CertificateParams| params.subject_alt_names = uri(OPS);
    files.pair("foreign", &foreign.issue_with(&[], as_ops));
    files.pair(
        "namesake",
        &Authority::called("clients").issue_with(&[], as_ops),
    );
    let expired = clients.issue_with(&[], |params| {
        as_ops(params);
        params.not_after = date_time_ymd(2001, 2, 3);
    });
    files.pair("expired", &expired);
    let presented = files.pair("edge", &servers.issue(&[NAME, "127.0.0.1"]));
    let path = |name: &str| files.path(name).display().to_string();
    let client_auth = match client_auth {
        "none" => String::new(),
        keys => format!(
            ", client_auth = {{ ca = \"{}\"{keys} }}",
            path("clients.pem")
        ),
    };
    let more = more
        .replace("@operator@", &path("operator"))
        .replace("@reader@", &path("reader"));
    let admin = format!("[admin]\ntls = {{ certificates = [{presented}]{client_auth} }}\n{more}");
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let text = config(&[backend.address()], "").replace("[admin]", &admin);
    let text = text.replacen("[admin]", "upgrade_socket = \"upgrade.sock\"\n[admin]", 1);
    let (proxy, _) = Proxy::spawn(&text);
    let scene = Scene {
        proxy,
        backend,
        servers,
        people,
        files,
        text,
    };
    eventually("the proxy is ready", async || {
        // Where everybody has to show a certificate, somebody does.
        let ready = scene.ask(Some(&scene.people.ops), "GET /readyz", "").await;
        ready.is_ok_and(|answer| answer.starts_with("http/1.1 200 "))
    })
    .await;
    scene
}

impl Scene {
    pub(super) fn admin(&self) -> SocketAddr {
        self.proxy.admin()
    }

    /// The config, with this in the place of that.
    pub(super) fn rewrite(&self, from: &str, to: &str) {
        assert!(self.text.contains(from), "{from} in {}", self.text);
        self.proxy.rewrite(&self.text.replace(from, to));
    }

    /// A connection of who shows this.
    pub(super) async fn connect(&self, shows: Option<&Pair>) -> io::Result<TlsStream<TcpStream>> {
        let making = Making {
            shows,
            versions: TLS13,
            ..Making::of(&self.servers)
        };
        making.client().connect(self.admin(), NAME).await
    }

    /// The head of the answer to one request of who shows this, in lower case.
    pub(super) async fn ask(
        &self,
        shows: Option<&Pair>,
        line: &str,
        more: &str,
    ) -> io::Result<String> {
        let mut stream = self.connect(shows).await?;
        again(&mut stream, line, more).await
    }

    /// The status of that answer; `None` if there is none.
    pub(super) async fn status(&self, shows: Option<&Pair>, line: &str) -> Option<u16> {
        status(&self.ask(shows, line, "").await.ok()?)
    }

    /// `lbctl`, which shows what is in the files `NAME.pem` and `NAME.key`.
    pub(super) async fn lbctl(&self, shows: &str, arguments: &[&str]) -> Said {
        let [cert, key] = self.shown(shows);
        let who = ["--certificate", &*cert, "--key", &*key];
        self.lbctl_bare(&[&who, arguments].concat()).await
    }

    /// `lbctl`, which shows nothing.
    pub(super) async fn lbctl_bare(&self, arguments: &[&str]) -> Said {
        let admin = format!("https://{}", self.admin());
        let ca = self.files.path("servers.pem").display().to_string();
        let who = ["--admin", &admin, "--ca", &ca];
        lbctl_alone(&[&who, arguments].concat()).await
    }

    fn shown(&self, name: &str) -> [String; 2] {
        ["pem", "key"].map(|kind| {
            let path = self.files.path(&format!("{name}.{kind}"));
            path.display().to_string()
        })
    }

    /// The status that curl is answered, and its exit code, when it shows this, if anything; `None` on a machine without it.
    pub(super) async fn curl(
        &self,
        shows: Option<&str>,
        path: &str,
        more: &[&str],
    ) -> Option<(String, Option<i32>)> {
        let port = self.admin().port();
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--output", "/dev/null", "--max-time", "20"])
            .args(["--write-out", "%{http_code}", "--cacert"])
            .arg(self.files.path("servers.pem"))
            .args(["--resolve", &format!("{NAME}:{port}:127.0.0.1")])
            .args(more);
        if let Some(name) = shows {
            let [cert, key] = self.shown(name);
            command.args(["--cert", &cert, "--key", &key]);
        }
        command
            .arg(format!("https://{NAME}:{port}{path}"))
            .stdin(Stdio::null());
        match command.output().await {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout).into_owned();
                Some((said, output.status.code()))
            }
            Err(error) => {
                eprintln!("not tested: curl cannot be run: {error}");
                None
            }
        }
    }

    /// The lines of the log that tell of acts.
    pub(super) fn audit(&self) -> Vec<String> {
        let log = self.proxy.log();
        let lines = log
            .lines()
            .filter_map(|line| line.split_once("INFO audit "));
        lines.map(|(_, fields)| fields.to_owned()).collect()
    }

    /// The same, when there are so many.
    pub(super) async fn audited(&self, count: usize) -> Vec<String> {
        eventually("all acts are told", async || self.audit().len() >= count).await;
        self.audit()
    }

    /// The value of a metric, whose line begins with `series`; `None` if there is none yet.
    pub(super) async fn metric(&self, series: &str) -> Option<f64> {
        let mut stream = self.connect(Some(&self.people.ops)).await.ok()?;
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut page = Vec::new();
        stream.read_to_end(&mut page).await.ok()?;
        let page = String::from_utf8_lossy(&page);
        let found = page.lines().find_map(|line| line.strip_prefix(series));
        found?.trim().parse().ok()
    }

    /// How many handshakes with the admin API failed for this reason.
    pub(super) async fn failed(&self, reason: &str) -> f64 {
        let admin = self.admin();
        let series = format!(
            "soe503_tls_handshake_failures_total{{listener=\"{admin}\",reason=\"{reason}\"}}"
        );
        self.metric(&series).await.unwrap_or_default()
    }
}

/// The head of the answer to one more request, in lower case.
pub(super) async fn again(
    stream: &mut TlsStream<TcpStream>,
    line: &str,
    more: &str,
) -> io::Result<String> {
    let request = format!("{line} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 0\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    head(stream).await
}

/// The status in the head of an answer.
pub(super) fn status(head: &str) -> Option<u16> {
    head.split(' ').nth(1)?.parse().ok()
}
