//! The control plane as a whole, on its own thread: real sockets, real name resolution.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use soe503_core::pool::BackendState;
use soe503_proxy::config::{Config, from_str};
use soe503_proxy::control::access_log::{self, AccessLog, Options, Sink};
use soe503_proxy::control::recorder::Recorder;
use soe503_proxy::control::{StartError, start};
use soe503_proxy::state::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(admin: SocketAddr, pool: &str) -> Config {
    let text = format!(
        "[admin]\naddress = \"{admin}\"\n[[listeners]]\naddress = \"127.0.0.1:8080\"\n\
         [[routes]]\npool = \"app\"\n[pools.app]\n{pool}\n"
    );
    from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn proxy(pool: &str) -> Arc<Proxy> {
    let admin = free();
    Arc::new(Proxy::new(
        config(admin, pool),
        Recorder::default(),
        AccessLog::off(),
    ))
}

/// An address that is free at this moment.
fn free() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

async fn get(admin: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Asks again and again until `wanted` holds of the answer.
async fn until(admin: SocketAddr, path: &str, wanted: impl Fn(&str) -> bool) -> String {
    let asking = async {
        loop {
            let answer = get(admin, path).await;
            if wanted(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .expect("it never came to pass")
}

/// Answers every request with what `status` says, until the test ends.
async fn backend(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn it_serves_stops_and_leaves_its_address_free() {
    let proxy = proxy("backends = [\"http://10.0.0.1:80\"]");
    let control = start(Arc::clone(&proxy), Box::new(|| Ok(()))).unwrap();
    let admin = control.admin_address().unwrap();
    assert!(get(admin, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(get(admin, "/readyz").await.contains("starting"));
    proxy.set_accepting();
    assert!(get(admin, "/readyz").await.starts_with("HTTP/1.1 200"));
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
    assert!(TcpStream::connect(admin).await.is_err());
    start(proxy, Box::new(|| Ok(()))).unwrap().stop();
}

/// Nobody gets a place who comes beyond those that there are; that shows.
#[tokio::test]
async fn connections_beyond_the_most_are_closed_and_counted() {
    let proxy = proxy("backends = [\"http://10.0.0.1:80\"]");
    let control = start(Arc::clone(&proxy), Box::new(|| Ok(()))).unwrap();
    let admin = control.admin_address().unwrap();
    let refused = || proxy.access.connections_refused.load(Relaxed);
    let line = |count| format!("soe503_admin_connections_refused_total {count}\n");
    assert!(get(admin, "/metrics").await.contains(&line(0)));
    let mut open = Vec::new();
    let opening = async {
        while refused() == 0 {
            // What is in the kernel's queue comes on top of the 256.
            if open.len() < 600 {
                open.push(TcpStream::connect(admin).await.unwrap());
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, opening).await.unwrap();
    assert!(open.len() > 256, "{}", open.len());
    drop(open);
    let seen = async {
        // While they are not gone yet, whoever asks is refused as well.
        loop {
            let Ok(mut stream) = TcpStream::connect(admin).await else {
                continue;
            };
            let request =
                format!("GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
            let _gone = stream.write_all(request.as_bytes()).await;
            let mut answer = String::new();
            let _cut = stream.read_to_string(&mut answer).await;
            if answer.contains(&line(refused())) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_admin_address_that_is_taken_is_an_error_with_the_address() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let config = config(address, "backends = [\"http://10.0.0.1:80\"]");
    let proxy = Arc::new(Proxy::new(config, Recorder::default(), AccessLog::off()));
    let error = start(proxy, Box::new(|| Ok(()))).unwrap_err();
    assert!(
        matches!(error, StartError::Admin { address: at, .. } if at == address),
        "{error}"
    );
    assert!(error.to_string().contains(&address.to_string()));
}

#[tokio::test]
async fn checks_take_a_sick_backend_out_and_say_why() {
    let (well, sick) = (backend("200 OK").await, backend("500 No").await);
    let third = backend("200 OK").await;
    let proxy = proxy(&format!(
        "backends = [\"http://{well}\", \"http://{sick}\", \"http://{third}\"]\n\
         health_check = {{ path = \"/\", interval = \"1s\", fast_interval = \"20ms\", fall = 2 }}"
    ));
    let control = start(Arc::clone(&proxy), Box::new(|| Ok(()))).unwrap();
    let admin = control.admin_address().unwrap();
    let answer = until(admin, "/api/v1/pools/app", |answer| {
        answer.contains("\"state\":\"down\"")
    })
    .await;
    assert!(answer.contains("GET / answered 500"), "{answer}");
    let pool = &proxy.pool("app").unwrap().pool;
    assert_eq!(
        pool.backend(sick.to_string().as_str()).unwrap().state(),
        BackendState::Down
    );
    assert_eq!(
        pool.backend(well.to_string().as_str()).unwrap().state(),
        BackendState::Up
    );
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn names_are_resolved_and_a_reload_brings_new_ones() {
    let proxy = proxy("backends = [\"http://10.0.0.1:80\"]");
    let control = start(Arc::clone(&proxy), Box::new(|| Ok(()))).unwrap();
    let admin = control.admin_address().unwrap();
    let next = config(
        admin,
        "backends = [\"http://10.0.0.1:80\", \"http://localhost:8081\"]",
    );
    proxy.apply(next);
    let name = "localhost:8081/127.0.0.1:8081";
    until(admin, "/api/v1/pools/app", |answer| answer.contains(name)).await;
    let pool = proxy.pool("app").unwrap();
    assert_eq!(pool.pool.backends().len(), 2);
    assert_eq!(pool.unresolved(), None);
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_slow_client_of_the_admin_api_holds_up_nobody() {
    let proxy = proxy("backends = [\"http://10.0.0.1:80\"]");
    let control = start(proxy, Box::new(|| Ok(()))).unwrap();
    let admin = control.admin_address().unwrap();
    let mut slow = TcpStream::connect(admin).await.unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\nHost")
        .await
        .unwrap();
    assert!(get(admin, "/healthz").await.starts_with("HTTP/1.1 200"));
    let mut garbage = TcpStream::connect(admin).await.unwrap();
    garbage
        .write_all(b"\x16\x03\x01 not http at all\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    garbage.read_to_end(&mut answer).await.unwrap();
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
        "{answer:?}"
    );
    assert!(get(admin, "/healthz").await.starts_with("HTTP/1.1 200"));
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_access_log_is_opened_again_on_sigusr1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (log, writer) = access_log::start(Sink::File(path.clone()), Options::default()).unwrap();
    let config = config(free(), "backends = [\"http://10.0.0.1:80\"]");
    let proxy = Arc::new(Proxy::new(config, Recorder::default(), log));
    let control = start(proxy, Box::new(|| Ok(()))).unwrap();
    // Once it answers, it listens for signals too.
    get(control.admin_address().unwrap(), "/healthz").await;
    std::fs::rename(&path, folder.path().join("access.log.1")).unwrap();
    let process = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-USR1", &process])
        .status();
    assert!(sent.unwrap().success());
    let reopened = async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reopened).await.unwrap();
    tokio::task::spawn_blocking(|| control.stop())
        .await
        .unwrap();
    drop(writer);
}
