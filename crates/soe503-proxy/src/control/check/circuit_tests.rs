use std::net::SocketAddr;
use std::sync::Mutex;

use soe503_core::Outcome;
use soe503_core::breaker::CircuitOpen;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;
use crate::config::from_str;
use crate::tls::ClientTls;

const RESET: Cause = Cause::DependencyResetBeforeResponse;
const REFUSED: Cause = Cause::DependencyConnectRefused;

/// What a backend does with a knock.
#[derive(Clone, Copy)]
enum Door {
    Accepts,
    Refuses,
    /// Says nothing until the knock is given up, and then that it was.
    Swallows,
}

/// Three backends, each knock told.
struct Doors {
    doors: Mutex<[Door; 3]>,
    knocks: mpsc::UnboundedSender<Tick>,
}

impl Prober for Doors {
    async fn probe(
        &self,
        what: &Probe,
        address: SocketAddr,
        _: &HeaderValue,
        _: Option<&ClientTls>,
        timeout: Duration,
    ) -> CheckResult {
        assert_eq!(*what, Probe::Tcp);
        self.knocks.send(soe503::clock::now()).unwrap();
        let door = self.doors.lock().unwrap()[usize::from(address.port()) - 81];
        let cause = match door {
            Door::Accepts => return CheckResult::passed(None),
            Door::Refuses => REFUSED,
            Door::Swallows => {
                tokio::time::sleep(timeout).await;
                Cause::DependencyConnectTimeout
            }
        };
        CheckResult::Failed {
            cause: Some(cause),
            doubt: None,
            hints: None,
            status: None,
            error: "connect: no".into(),
        }
    }
}

/// A pool of three with its watcher; probes go 8 s after the circuit opens, and a random bit.
struct Case {
    pool: Arc<PoolState>,
    doors: Arc<Doors>,
    knocks: mpsc::UnboundedReceiver<Tick>,
    watcher: JoinHandle<()>,
}

impl Case {
    fn new(doors: [Door; 3]) -> Self {
        let config = "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n\
            [pools.app]\nbackends = [\"http://10.0.0.1:81\", \"http://10.0.0.2:82\", \"http://10.0.0.3:83\"]\n\
            connect_timeout = \"500ms\"\n\
            circuit_breaker = { open_for = \"8s\", max_open_for = \"8s\" }\n";
        let config =
            from_str("test", config).unwrap_or_else(|report| panic!("{}", report.render(false)));
        let pool = PoolState::new(Arc::clone(&config.pools[0]), 1, soe503::clock::now());
        let pool = Arc::new(pool);
        let (told, knocks) = mpsc::unbounded_channel();
        let doors = Arc::new(Doors {
            doors: Mutex::new(doors),
            knocks: told,
        });
        let watcher = tokio::spawn(watch_circuit(
            Arc::clone(&pool),
            Arc::clone(&doors),
            Limits::default(),
        ));
        Self {
            pool,
            doors,
            knocks,
            watcher,
        }
    }

    /// Failures with `cause` until the circuit opens, and the explanation of the last.
    fn trip(&self, cause: Cause) {
        let now = soe503::clock::now();
        while let Ok(permit) = self.pool.breaker.admit(now) {
            permit.record(now, Outcome::failure(cause));
        }
        self.pool.openings.notice(&self.pool.breaker);
    }

    fn refusal(&self) -> CircuitOpen {
        self.pool.breaker.admit(soe503::clock::now()).unwrap_err()
    }

    /// When the knocks since the last call were, those of one round once.
    fn rounds(&mut self) -> Vec<Tick> {
        let mut rounds: Vec<Tick> = std::iter::from_fn(|| self.knocks.try_recv().ok()).collect();
        rounds.dedup();
        rounds
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

async fn after(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_closes_after_its_connections_broke_is_the_root_soon() {
    let mut case = Case::new([Door::Accepts; 3]);
    case.trip(RESET);
    after(18).await;
    assert_eq!(case.refusal().root, Some(RESET), "the ports still accept");
    *case.doors.doors.lock().unwrap() = [Door::Refuses; 3];
    after(22).await;
    let refusal = case.refusal();
    assert_eq!(refusal.root, Some(REFUSED));
    assert_eq!(refusal.trip.opened_by, Some(RESET));
    case.rounds();
    after(3_000).await;
    assert_eq!(case.rounds(), [], "settled: nobody knocks");
}

#[tokio::test(start_paused = true)]
async fn ports_that_refuse_at_once_are_the_root_at_once() {
    let case = Case::new([Door::Refuses, Door::Accepts, Door::Refuses]);
    case.trip(Cause::ConfigKeepaliveMismatch);
    after(1).await;
    assert_eq!(case.refusal().root, Some(REFUSED), "two of three refuse");
}

#[tokio::test(start_paused = true)]
async fn a_knock_that_hangs_does_not_hold_up_the_others() {
    let case = Case::new([Door::Swallows, Door::Refuses, Door::Refuses]);
    case.trip(RESET);
    after(1).await;
    assert_eq!(case.refusal().root, Some(REFUSED));
}

#[tokio::test(start_paused = true)]
async fn backends_that_stay_keep_the_root_and_are_bothered_ever_less() {
    let mut case = Case::new([Door::Accepts, Door::Accepts, Door::Refuses]);
    let began = soe503::clock::now();
    case.trip(RESET);
    after(7_900).await;
    assert_eq!(case.refusal().root, Some(RESET));
    let rounds = case.rounds();
    let millis: Vec<u128> = rounds
        .iter()
        .map(|at| at.since(began).as_millis())
        .collect();
    assert!(millis[0] <= 1, "{millis:?}");
    assert!((14..=17).contains(&millis.len()), "{millis:?}");
    // Soon a probe may go, which finds out by itself.
    after(2_000).await;
    case.rounds();
    after(5_000).await;
    assert_eq!(case.rounds(), [], "nobody knocks");
}

#[tokio::test(start_paused = true)]
async fn each_opening_is_a_question_of_its_own() {
    let mut case = Case::new([Door::Accepts; 3]);
    case.trip(RESET);
    after(10_000).await;
    case.rounds();
    *case.doors.doors.lock().unwrap() = [Door::Refuses; 3];
    after(5_000).await;
    assert_eq!(case.rounds(), [], "half-open is not asked about");
    case.trip(RESET);
    assert_eq!(case.refusal().root, Some(RESET));
    after(1).await;
    assert_eq!(case.refusal().root, Some(REFUSED));
}

#[tokio::test(start_paused = true)]
async fn nobody_knocks_where_it_would_tell_nothing() {
    for cause in [
        Cause::DependencyUpstreamError,
        Cause::DependencyResponseTimeout,
        REFUSED,
    ] {
        let mut case = Case::new([Door::Refuses; 3]);
        case.trip(cause);
        after(3_000).await;
        assert_eq!(case.rounds(), [], "{cause}");
        assert_eq!(case.refusal().root, Some(cause));
    }
    let mut case = Case::new([Door::Refuses; 3]);
    case.pool.breaker.force_open(soe503::clock::now(), "no");
    case.pool.openings.notice(&case.pool.breaker);
    after(3_000).await;
    assert_eq!(case.rounds(), []);
}

#[tokio::test(start_paused = true)]
async fn backends_that_an_operator_took_out_are_not_asked() {
    let case = Case::new([Door::Accepts, Door::Accepts, Door::Refuses]);
    let now = soe503::clock::now();
    for name in ["10.0.0.1:81", "10.0.0.2:82"] {
        case.pool.pool.disable(name, "broken", None, now).unwrap();
    }
    case.trip(RESET);
    after(1).await;
    assert_eq!(case.refusal().root, Some(REFUSED), "the only one left");
}
