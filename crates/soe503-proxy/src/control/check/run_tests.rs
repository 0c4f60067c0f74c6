use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc;

use super::*;
use crate::config::Probe;

#[path = "run_turn_tests.rs"]
mod turns;

/// Backends on paper.
struct Ward {
    list: Mutex<Vec<Checked>>,
    epoch: AtomicU64,
    /// How often the list was asked for.
    asked: AtomicUsize,
    suspects: Mutex<HashSet<Arc<str>>>,
    reports: mpsc::UnboundedSender<(String, HealthReport, Tick)>,
}

/// Checks that answer from a list, after a while, and count how many run at once.
#[derive(Default)]
struct Script {
    results: Mutex<HashMap<SocketAddr, VecDeque<bool>>>,
    takes: Duration,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Ward {
    fn now_has(&self, list: Vec<Checked>) {
        *self.list.lock().unwrap() = list;
        self.epoch.fetch_add(1, Relaxed);
    }
}

impl Patients for Ward {
    fn epoch(&self) -> u64 {
        self.epoch.load(Relaxed)
    }

    fn list(&self) -> Vec<Checked> {
        self.asked.fetch_add(1, Relaxed);
        self.list.lock().unwrap().clone()
    }

    fn suspects(&self) -> HashSet<Arc<str>> {
        self.suspects.lock().unwrap().clone()
    }

    fn count(&self, _: &CheckResult) {}

    fn report(&self, name: &str, report: &HealthReport, now: Tick) {
        self.reports
            .send((name.into(), report.clone(), now))
            .unwrap();
    }
}

impl Prober for Script {
    async fn probe(
        &self,
        _: &Probe,
        address: SocketAddr,
        _: &HeaderValue,
        _: Option<&ClientTls>,
        _: Duration,
    ) -> CheckResult {
        let running = self.running.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(running, Relaxed);
        tokio::time::sleep(self.takes).await;
        self.running.fetch_sub(1, Relaxed);
        let next = {
            let mut results = self.results.lock().unwrap();
            results.get_mut(&address).and_then(VecDeque::pop_front)
        };
        if next == Some(false) {
            CheckResult::Failed {
                cause: None,
                doubt: None,
                status: Some(500),
                error: "GET / answered 500".into(),
                hints: None,
            }
        } else {
            CheckResult::passed(Some(200))
        }
    }
}

fn check(interval: u64) -> HealthCheck {
    HealthCheck {
        probe: Probe::Tcp,
        interval: Duration::from_secs(interval),
        fast_interval: Duration::from_millis(500).min(Duration::from_secs(interval)),
        down_interval: Duration::from_secs(5),
        timeout: Duration::from_secs(1),
        rise: NonZeroU32::new(2).unwrap(),
        fall: NonZeroU32::new(3).unwrap(),
        initial: Health::Up,
        overruled_by_traffic: true,
    }
}

fn backend(number: u8) -> Checked {
    Checked {
        name: format!("b{number}").into(),
        address: SocketAddr::from(([10, 0, 0, number], 80)),
        host: HeaderValue::from_static("app"),
        tls: None,
        health: Health::Up,
    }
}

fn ward(
    backends: Vec<Checked>,
) -> (
    Arc<Ward>,
    mpsc::UnboundedReceiver<(String, HealthReport, Tick)>,
) {
    let (reports, seen) = mpsc::unbounded_channel();
    let list = Mutex::new(backends);
    let ward = Ward {
        list,
        epoch: AtomicU64::new(0),
        asked: AtomicUsize::new(0),
        suspects: Mutex::default(),
        reports,
    };
    (Arc::new(ward), seen)
}

fn script(number: u8, results: &[bool]) -> Arc<Script> {
    let results = results.iter().copied().collect();
    Arc::new(Script {
        results: Mutex::new([(backend(number).address, results)].into()),
        takes: Duration::from_millis(5),
        ..Script::default()
    })
}

#[tokio::test(start_paused = true)]
async fn rise_and_fall_with_the_evidence_of_each_check() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let prober = script(1, &[false, false, false, true, true]);
    let task = tokio::spawn(run(ward, prober, check(2), Limits::default()));
    let mut states = Vec::new();
    for _ in 0..5 {
        let (name, report, _) = seen.recv().await.unwrap();
        assert_eq!(name, "b1");
        states.push((
            report.health,
            report.last_status,
            report.last_error.is_some(),
        ));
    }
    task.abort();
    assert_eq!(
        states,
        [
            (Health::Up, Some(500), true),
            (Health::Up, Some(500), true),
            (Health::Down, Some(500), true),
            (Health::Down, Some(200), false),
            (Health::Up, Some(200), false),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn fm21_checks_start_spread_out_and_keep_their_interval() {
    let began = soe503::clock::now();
    let (ward, mut seen) = ward((1..=40).map(backend).collect());
    let task = tokio::spawn(run(ward, script(1, &[]), check(10), Limits::default()));
    let mut times: HashMap<String, Vec<Tick>> = HashMap::new();
    for _ in 0..80 {
        let (name, _, at) = seen.recv().await.unwrap();
        times.entry(name).or_default().push(at);
    }
    task.abort();
    let first: Vec<u64> = times
        .values()
        .map(|at| at[0].since(began).as_secs())
        .collect();
    let seconds: std::collections::BTreeSet<_> = first.iter().collect();
    assert!(seconds.len() >= 5, "40 first checks fall into {seconds:?}");
    assert!(first.iter().all(|second| *second <= 10), "{first:?}");
    for at in times.values().filter(|at| at.len() > 1) {
        let pause = at[1].since(at[0]).as_secs_f64();
        assert!((9.0..=11.02).contains(&pause), "{pause}");
    }
}

#[tokio::test(start_paused = true)]
async fn fm21_no_more_checks_than_allowed_run_at_once() {
    let (ward, mut seen) = ward((1..=40).map(backend).collect());
    let prober = Arc::new(Script {
        takes: Duration::from_millis(900),
        ..Script::default()
    });
    let limits = Limits {
        at_once: Arc::new(Semaphore::new(3)),
        slow: Arc::new(Semaphore::new(0)),
    };
    let task = tokio::spawn(run(ward, Arc::clone(&prober), check(1), limits));
    for _ in 0..80 {
        seen.recv().await.unwrap();
    }
    task.abort();
    assert_eq!(prober.most.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn backends_come_and_go() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let task = tokio::spawn(run(
        Arc::clone(&ward),
        script(1, &[]),
        check(1),
        Limits::default(),
    ));
    assert_eq!(seen.recv().await.unwrap().0, "b1");
    ward.now_has(vec![backend(2)]);
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(seen.recv().await.unwrap().0);
    }
    task.abort();
    assert_eq!(names[2..], ["b2", "b2"], "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn a_suspicion_brings_the_next_check_forward() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let task = tokio::spawn(run(
        Arc::clone(&ward),
        script(1, &[]),
        check(600),
        Limits::default(),
    ));
    seen.recv().await.unwrap();
    let before = soe503::clock::now();
    ward.suspects.lock().unwrap().insert("b1".into());
    let (_, _, at) = seen.recv().await.unwrap();
    task.abort();
    assert!(
        at.since(before) < Duration::from_secs(3),
        "{:?}",
        at.since(before)
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_is_made_again_and_blames_nobody() {
    struct Panics(AtomicUsize);
    impl Prober for Panics {
        async fn probe(
            &self,
            _: &Probe,
            _: SocketAddr,
            _: &HeaderValue,
            _: Option<&ClientTls>,
            _: Duration,
        ) -> CheckResult {
            assert!(self.0.fetch_add(1, Relaxed) > 0, "the first check panics");
            CheckResult::passed(None)
        }
    }
    let (ward, mut seen) = ward(vec![backend(1)]);
    let prober = Arc::new(Panics(AtomicUsize::new(0)));
    let task = tokio::spawn(run(ward, Arc::clone(&prober), check(1), Limits::default()));
    let began = soe503::clock::now();
    let (_, report, at) = seen.recv().await.unwrap();
    task.abort();
    assert!(
        at.since(began) >= Duration::from_secs(1),
        "not in a busy loop"
    );
    assert_eq!(report.health, Health::Up);
    assert_eq!(prober.0.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_was_down_before_a_reload_has_to_rise_again() {
    let down = Checked {
        health: Health::Down,
        ..backend(1)
    };
    let (ward, mut seen) = ward(vec![down]);
    let task = tokio::spawn(run(ward, script(1, &[]), check(1), Limits::default()));
    let mut states = Vec::new();
    for _ in 0..2 {
        states.push(seen.recv().await.unwrap().1.health);
    }
    task.abort();
    assert_eq!(states, [Health::Down, Health::Up]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_backends_are_checked_in_time_by_few_checks_at_once() {
    let many = (0..1_000_u16).map(|number| Checked {
        name: format!("b{number}").into(),
        address: SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 80)),
        ..backend(1)
    });
    let (ward, mut seen) = ward(many.collect());
    let prober = script(1, &[]);
    let limits = Limits {
        at_once: Arc::new(Semaphore::new(8)),
        ..Limits::default()
    };
    let at_once = Arc::clone(&limits.at_once);
    let began = soe503::clock::now();
    let task = tokio::spawn(run(ward, Arc::clone(&prober), check(10), limits));
    let mut times: HashMap<String, Vec<Tick>> = HashMap::new();
    for _ in 0..3_000 {
        let (name, _, at) = seen.recv().await.unwrap();
        times.entry(name).or_default().push(at);
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(times.len(), 1_000);
    // Three rounds of 10 s, give or take a tenth.
    assert!(soe503::clock::now().since(began) < Duration::from_secs(34));
    assert!(times.values().all(|at| (2..=4).contains(&at.len())));
    assert!(prober.most.load(Relaxed) <= 8);
    // Checks that were ended gave their permits back.
    tokio::task::yield_now().await;
    assert_eq!(at_once.available_permits(), 8);
}

#[tokio::test(start_paused = true)]
async fn the_check_of_a_former_address_says_nothing_about_the_new_one() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let prober = Arc::new(Script {
        // The first machine is sick and slow to say so.
        results: Mutex::new([(backend(1).address, [false; 9].into())].into()),
        takes: Duration::from_secs(3),
        ..Script::default()
    });
    let task = tokio::spawn(run(
        Arc::clone(&ward),
        Arc::clone(&prober),
        check(2),
        Limits::default(),
    ));
    while prober.running.load(Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let moved = Checked {
        address: backend(2).address,
        ..backend(1)
    };
    ward.now_has(vec![moved]);
    for _ in 0..3 {
        let (name, report, _) = seen.recv().await.unwrap();
        assert_eq!((&*name, report.last_status), ("b1", Some(200)));
    }
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_suspicion_is_one_until_it_is_settled_and_then_a_new_one() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let task = tokio::spawn(run(
        Arc::clone(&ward),
        script(1, &[]),
        check(600),
        Limits::default(),
    ));
    seen.recv().await.unwrap();
    ward.suspects.lock().unwrap().insert("b1".into());
    let (_, _, first) = seen.recv().await.unwrap();
    // It goes on failing requests, and its check is good: nothing that another check would settle.
    let (_, _, second) = seen.recv().await.unwrap();
    assert!(second.since(first) > Duration::from_secs(500));
    ward.suspects.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_secs(2)).await;
    ward.suspects.lock().unwrap().insert("b1".into());
    let before = soe503::clock::now();
    let (_, _, third) = seen.recv().await.unwrap();
    task.abort();
    assert!(third.since(before) < Duration::from_secs(3));
}
