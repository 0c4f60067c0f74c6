use std::sync::Mutex;

use soe503_core::Outcome;
use soe503_core::pool::Tried;
use tokio::sync::mpsc;

use super::*;
use crate::config::from_str;
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::tls::ClientTls;

/// Says who was knocked at, and lets in whom it is told to.
struct Doors {
    open: Mutex<bool>,
    knocks: mpsc::UnboundedSender<(SocketAddr, Tick)>,
}

impl Prober for Doors {
    async fn probe(
        &self,
        what: &Probe,
        address: SocketAddr,
        _: &HeaderValue,
        tls: Option<&ClientTls>,
        _: Duration,
    ) -> CheckResult {
        assert_eq!(*what, Probe::Tcp);
        assert_eq!(tls, None);
        self.knocks.send((address, soe503::clock::now())).unwrap();
        if *self.open.lock().unwrap() {
            CheckResult::passed(None)
        } else {
            CheckResult::Failed {
                cause: Some(Cause::DependencyConnectRefused),
                doubt: None,
                hints: None,
                status: None,
                error: "connect: connection refused".into(),
            }
        }
    }
}

fn proxy() -> Arc<Proxy> {
    let config = "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n\
        [pools.app]\nbackends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\", \"http://10.0.0.3:80\"]\n\
        ejection = { base = \"20s\" }\n";
    let config =
        from_str("test", config).unwrap_or_else(|report| panic!("{}", report.render(false)));
    Arc::new(Proxy::new(config, Recorder::default(), AccessLog::off()))
}

fn doors() -> (Arc<Doors>, mpsc::UnboundedReceiver<(SocketAddr, Tick)>) {
    let (knocks, heard) = mpsc::unbounded_channel();
    let open = Mutex::new(false);
    (Arc::new(Doors { open, knocks }), heard)
}

/// Lets requests to the backend called `name` fail with `cause` until it is ejected.
fn eject(pool: &PoolState, name: &str, cause: Cause) {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut others = Tried::default();
    for backend in pool
        .pool
        .backends()
        .iter()
        .filter(|backend| &*backend.name != name)
    {
        others.insert(backend.id);
    }
    for _ in 0..5 {
        let now = soe503::clock::now();
        let lease = pool.pool.pick(now, &others, false, &mut rng).unwrap();
        assert_eq!(&*lease.backend().name, name);
        lease.record(now, Outcome::failure(cause));
        if pool.pool.backend(name).unwrap().state() == BackendState::Ejected {
            return;
        }
    }
    panic!("{name} is not ejected");
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_refused_is_knocked_at_about_once_a_second_until_it_opens() {
    let (proxy, (doors, mut heard)) = (proxy(), doors());
    let pool = proxy.pool("app").unwrap();
    eject(&pool, "10.0.0.2:80", Cause::DependencyConnectRefused);
    let task = tokio::spawn(watch_recovery(
        Arc::clone(&proxy),
        Arc::clone(&doors),
        Limits::default(),
    ));
    let began = soe503::clock::now();
    let mut last = began;
    for _ in 0..8 {
        let (address, at) = heard.recv().await.unwrap();
        assert_eq!(address, "10.0.0.2:80".parse().unwrap());
        let pause = at.since(last).as_secs_f64();
        assert!((0.79..=1.5).contains(&pause), "{pause}");
        last = at;
    }
    let ejection = |pool: &PoolState| {
        let shown = pool.pool.snapshot(soe503::clock::now());
        shown.backends[1].ejection.clone().unwrap()
    };
    assert!(
        ejection(&pool).due > soe503::clock::now(),
        "not due by itself yet"
    );
    *doors.open.lock().unwrap() = true;
    heard.recv().await.unwrap();
    // The knock is told to the pool before the next look.
    tokio::time::sleep(LOOK * 2).await;
    assert!(
        ejection(&pool).due <= soe503::clock::now(),
        "a request may try at once"
    );
    tokio::time::sleep(EVERY * 5).await;
    assert!(heard.try_recv().is_err(), "once it is due, nobody knocks");
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_answered_badly_is_left_alone() {
    let (proxy, (doors, mut heard)) = (proxy(), doors());
    eject(
        &proxy.pool("app").unwrap(),
        "10.0.0.2:80",
        Cause::DependencyUpstreamError,
    );
    let task = tokio::spawn(watch_recovery(proxy, doors, Limits::default()));
    tokio::time::sleep(EVERY * 10).await;
    assert!(heard.try_recv().is_err());
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_knocked_at_while_all_is_well() {
    let (proxy, (doors, mut heard)) = (proxy(), doors());
    let task = tokio::spawn(watch_recovery(proxy, doors, Limits::default()));
    tokio::time::sleep(EVERY * 10).await;
    assert!(heard.try_recv().is_err());
    task.abort();
}
