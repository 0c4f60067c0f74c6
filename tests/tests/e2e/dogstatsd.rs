//! Metrics, as a DogStatsD server gets them. What Debian's exporter makes of them is looked into by `tests/observe/run`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::http::{get, once, post};
use soe503_tests::proxy::{Proxy, config, eventually, free_address};
use tokio::net::{UdpSocket, UnixDatagram};

/// A server, and what it was told.
struct Server {
    socket: Socket,
    lines: Vec<String>,
    longest: usize,
}

enum Socket {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

impl Server {
    async fn udp(at: impl Into<SocketAddr>) -> Self {
        Self::of(Socket::Udp(UdpSocket::bind(at.into()).await.unwrap()))
    }

    fn unix(path: &Path) -> Self {
        Self::of(Socket::Unix(UnixDatagram::bind(path).unwrap()))
    }

    const fn of(socket: Socket) -> Self {
        Self {
            socket,
            lines: Vec::new(),
            longest: 0,
        }
    }

    fn address(&self) -> SocketAddr {
        match &self.socket {
            Socket::Udp(socket) => socket.local_addr().unwrap(),
            Socket::Unix(_) => unreachable!("it has a path"),
        }
    }

    /// Takes what has come.
    fn take(&mut self) {
        let mut room = vec![0; 65_536];
        loop {
            let read = match &self.socket {
                Socket::Udp(socket) => socket.try_recv(&mut room),
                Socket::Unix(socket) => socket.try_recv(&mut room),
            };
            let Ok(length) = read else { return };
            self.longest = self.longest.max(length);
            let text = std::str::from_utf8(&room[..length]).unwrap();
            self.lines.extend(text.lines().map(str::to_owned));
        }
    }

    /// The sum of what it was told of this counter with all these tags.
    fn total(&self, name: &str, tags: &[&str]) -> f64 {
        let of_it = self.lines.iter().filter_map(|line| {
            let (line, of_line) = line.split_once("|#")?;
            let value = line
                .strip_prefix(name)?
                .strip_prefix(':')?
                .strip_suffix("|c")?;
            let of_line: Vec<&str> = of_line.split(',').collect();
            let all = tags.iter().all(|tag| of_line.contains(tag));
            all.then(|| value.parse::<f64>().unwrap())
        });
        of_it.sum()
    }

    /// Whoever has been told a gauge is told all from then on.
    async fn is_told(&mut self, name: &str) {
        let begin = format!("{name}.draining:0|g");
        eventually(&begin, async || {
            self.take();
            self.lines.iter().any(|line| line.starts_with(&begin))
        })
        .await;
    }

    async fn reaches(&mut self, name: &str, tags: &[&str], total: f64) {
        let told = |server: &mut Self| {
            server.take();
            server.total(name, tags)
        };
        eventually(name, async || told(self) >= total).await;
        assert!((self.total(name, tags) - total).abs() < 1e-9, "{name}");
    }
}

fn told(backend: SocketAddr, address: &str, more: &str) -> String {
    let keys =
        format!("[telemetry.dogstatsd]\naddress = \"{address}\"\ninterval = \"1s\"\n{more}\n");
    config(&[backend], &keys)
}

async fn ask(proxy: &Proxy, times: usize) {
    for _ in 0..times {
        let request = "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";
        assert_eq!(once(proxy.address(), request).await.unwrap().status, 200);
    }
}

async fn metric(proxy: &Proxy, series: &str) -> u64 {
    let page = get(proxy.admin(), "/metrics").await.unwrap().text();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

/// All of so many requests are counted: the last byte of an answer comes first.
async fn counted(proxy: &Proxy, requests: u64) {
    let series = "soe503_responses_total{pool=\"app\",status=\"2xx\",origin=\"upstream\",category=\"\",cause=\"\"} ";
    eventually("they are counted", async || {
        metric(proxy, series).await == requests
    })
    .await;
}

const RESPONSES: &str = "soe503.responses.count";
const ANSWERED: [&str; 4] = ["pool:app", "status:2xx", "origin:upstream", "team:shop"];

#[tokio::test]
async fn requests_are_told_with_tags_and_once() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let mut server = Server::udp(([127, 0, 0, 1], 0)).await;
    let address = server.address().to_string();
    let keys = told(backend.address(), &address, "tags = { team = \"shop\" }");
    let mut proxy = Proxy::start(&keys).await;
    ask(&proxy, 3).await;
    server.reaches(RESPONSES, &ANSWERED, 3.0).await;
    ask(&proxy, 4).await;
    server.reaches(RESPONSES, &ANSWERED, 7.0).await;
    assert!(server.longest <= 1432, "{}", server.longest);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &server.lines {
        let (line, tags) = line.split_once("|#").unwrap();
        *kinds.entry(line.split('|').nth(1).unwrap()).or_default() += 1;
        assert!(
            tags.contains("server:") && tags.contains("soe503_version:"),
            "{tags}"
        );
        assert!(line.starts_with("soe503."), "{line}");
    }
    assert!(
        ["c", "g", "d"].iter().all(|kind| kinds.contains_key(kind)),
        "{kinds:?}"
    );
    // What came last is told at the end.
    ask(&proxy, 2).await;
    proxy.signal("TERM").await;
    assert!(proxy.ended().await.success());
    server.reaches(RESPONSES, &ANSWERED, 9.0).await;
    server
        .reaches("soe503.request_duration_seconds.count", &["result:ok"], 9.0)
        .await;
}

#[tokio::test]
async fn nobody_listens_and_requests_are_served() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let nobody = free_address();
    let proxy = Proxy::start(&told(backend.address(), &nobody.to_string(), "")).await;
    let lost = "soe503_dogstatsd_dropped_total{reason=\"unreachable\"} ";
    eventually("packets are lost", async || metric(&proxy, lost).await > 0).await;
    ask(&proxy, 5).await;
    counted(&proxy, 5).await;
    let before = metric(&proxy, lost).await;
    eventually("more are lost", async || {
        metric(&proxy, lost).await > before
    })
    .await;
    // Somebody comes, and is told from then on.
    let mut server = Server::udp(nobody).await;
    server.is_told("soe503").await;
    let before = server.total(RESPONSES, &["status:2xx"]);
    assert!(before <= 5.0, "at most those of the round before: {before}");
    ask(&proxy, 2).await;
    let answered = ["pool:app", "status:2xx"];
    server.reaches(RESPONSES, &answered, before + 2.0).await;
    assert!(metric(&proxy, "soe503_dogstatsd_packets_total ").await > 0);
}

#[tokio::test]
async fn a_unix_socket_is_found_again_and_a_reload_moves_to_another_server() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dsd.socket");
    let address = format!("unix://{}", path.display());
    let mut server = Server::unix(&path);
    let proxy = Proxy::start(&told(backend.address(), &address, "")).await;
    ask(&proxy, 1).await;
    server.reaches(RESPONSES, &["status:2xx"], 1.0).await;
    drop(server);
    std::fs::remove_file(&path).unwrap();
    let mut server = Server::unix(&path);
    ask(&proxy, 2).await;
    server.reaches(RESPONSES, &["status:2xx"], 2.0).await;
    // What was counted for the old server is told there, and the rest to the new one.
    let mut other = Server::udp(([127, 0, 0, 1], 0)).await;
    ask(&proxy, 3).await;
    counted(&proxy, 6).await;
    proxy.rewrite(&told(
        backend.address(),
        &other.address().to_string(),
        "namespace = \"edge\"",
    ));
    let reload = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
    assert_eq!(reload.status, 200);
    server.reaches(RESPONSES, &["status:2xx"], 5.0).await;
    other.is_told("edge").await;
    ask(&proxy, 4).await;
    other
        .reaches("edge.responses.count", &["status:2xx"], 4.0)
        .await;
    // Off, and on again: what was counted meanwhile is nobody's.
    let reload = async |text: &str| {
        proxy.rewrite(text);
        let reload = post(proxy.admin(), "/api/v1/config/reload").await.unwrap();
        assert_eq!(reload.status, 200);
    };
    reload(&config(&[backend.address()], "")).await;
    ask(&proxy, 5).await;
    counted(&proxy, 15).await;
    let mut third = Server::udp(([127, 0, 0, 1], 0)).await;
    reload(&told(backend.address(), &third.address().to_string(), "")).await;
    third.is_told("soe503").await;
    ask(&proxy, 6).await;
    third.reaches(RESPONSES, &["status:2xx"], 6.0).await;
}
