//! Whose turn it is: first checks, many of them, and those that hang.

use super::*;

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_first_check_gets_it_at_once() {
    for (initial, first) in [(Health::Starting, 1), (Health::Down, 2)] {
        let began = soe503::clock::now();
        let list = (1..=3).map(|number| Checked {
            health: initial,
            ..backend(number)
        });
        let (ward, mut seen) = ward(list.collect());
        let task = tokio::spawn(run(ward, script(1, &[]), check(60), Limits::default()));
        let mut reports: HashMap<String, Vec<(Health, Tick)>> = HashMap::new();
        for _ in 0..3 * first {
            let (name, report, at) = seen.recv().await.unwrap();
            reports.entry(name).or_default().push((report.health, at));
        }
        task.abort();
        for (name, states) in reports {
            let (health, at) = *states.last().unwrap();
            assert_eq!((states.len(), health), (first, Health::Up), "{name}");
            // A first check within a few milliseconds, a second one after the fast interval.
            let most = Duration::from_millis(if first == 1 { 30 } else { 600 });
            assert!(at.since(began) <= most, "{name}: {:?}", at.since(began));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn thousands_that_wait_for_the_first_check_do_not_get_it_all_at_once() {
    let many = (0..4_000_u16).map(|number| Checked {
        name: format!("b{number}").into(),
        address: SocketAddr::from(([10, 1, (number >> 8) as u8, number as u8], 80)),
        health: Health::Starting,
        ..backend(1)
    });
    let began = soe503::clock::now();
    let (ward, mut seen) = ward(many.collect());
    let task = tokio::spawn(run(ward, script(1, &[]), check(5), Limits::default()));
    let mut seconds = [0; 6];
    for _ in 0..4_000 {
        let (_, _, at) = seen.recv().await.unwrap();
        seconds[at.since(began).as_secs() as usize] += 1;
    }
    task.abort();
    assert!(
        seconds[..5].iter().all(|count| (650..=950).contains(count)),
        "{seconds:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn checks_that_answer_do_not_wait_behind_those_that_do_not() {
    /// Backends with an even number swallow everything.
    struct Half;
    impl Prober for Half {
        async fn probe(
            &self,
            _: &Probe,
            address: SocketAddr,
            _: &HeaderValue,
            _: Option<&ClientTls>,
            timeout: Duration,
        ) -> CheckResult {
            let SocketAddr::V4(address) = address else {
                panic!("{address}");
            };
            if address.ip().octets()[3] % 2 == 1 {
                tokio::time::sleep(Duration::from_millis(2)).await;
                return CheckResult::passed(None);
            }
            tokio::time::sleep(timeout).await;
            CheckResult::Failed {
                cause: None,
                doubt: None,
                status: None,
                error: "no connection".into(),
                hints: None,
            }
        }
    }
    let limits = Limits {
        at_once: Arc::new(Semaphore::new(4)),
        slow: Arc::new(Semaphore::new(40)),
    };
    let (ward, mut seen) = ward((1..=80).map(backend).collect());
    let prober = Arc::new(Half);
    let checks = HealthCheck {
        down_interval: Duration::from_secs(2),
        ..check(2)
    };
    let task = tokio::spawn(run(ward, prober, checks, limits));
    let mut times: HashMap<String, Vec<Tick>> = HashMap::new();
    let began = soe503::clock::now();
    while soe503::clock::now().since(began) < Duration::from_secs(30) {
        let (name, report, at) = seen.recv().await.unwrap();
        if report.last_error.is_none() {
            times.entry(name).or_default().push(at);
        }
    }
    task.abort();
    assert_eq!(times.len(), 40);
    for (name, at) in times {
        for pair in at.windows(2) {
            let pause = pair[1].since(pair[0]);
            assert!(pause <= Duration::from_millis(3_200), "{name}: {pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_is_asked_for_when_it_has_changed_and_not_otherwise() {
    let (ward, mut seen) = ward(vec![backend(1)]);
    let task = tokio::spawn(run(
        Arc::clone(&ward),
        script(1, &[]),
        check(1),
        Limits::default(),
    ));
    for _ in 0..20 {
        seen.recv().await.unwrap();
    }
    assert_eq!(ward.asked.load(Relaxed), 1);
    ward.now_has(vec![backend(1), backend(2)]);
    while seen.recv().await.unwrap().0 != "b2" {}
    task.abort();
    assert_eq!(ward.asked.load(Relaxed), 2);
}
