//! Requests that wait for a service that is due back.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{
    BoxError, CircuitBreakerLayer, Failure, Rejected, ReplayBody, RequestContext, RetryLayer,
    TimeoutLayer, clock,
};
use soe503_core::breaker::State;
use soe503_core::ledger::{Attempt, Fault, Phase};
use soe503_core::{Cause, Outcome, Ratio};
use tower::util::BoxCloneSyncService;
use tower::{Layer, ServiceExt, service_fn};

type Service = BoxCloneSyncService<Request<Full<Bytes>>, u16, BoxError>;

/// A service behind a circuit, and those who ask it.
#[derive(Clone)]
struct World {
    breaker: Breaker,
    works: Arc<AtomicBool>,
    /// While it does not work, it says so in an answer instead of refusing connections.
    speaks: Arc<AtomicBool>,
    reached: Arc<AtomicU32>,
    busiest: Arc<AtomicU32>,
    service: Service,
}

/// It was there, and is not.
fn refused() -> BoxError {
    let mut attempt = Attempt::begin(1, clock::now());
    attempt.phase = Phase::Connect;
    attempt.fault = Some(Fault::Errno(111));
    attempt.accepted_before = true;
    Failure::new(attempt).into()
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

impl World {
    fn new(config: BreakerConfig, backends: usize) -> Self {
        let breaker = Breaker::new("app", config, 1);
        breaker.set_backends(backends);
        let works = Arc::new(AtomicBool::new(true));
        let speaks = Arc::new(AtomicBool::new(false));
        let [reached, busiest, at_work] = [(); 3].map(|()| Arc::new(AtomicU32::new(0)));
        let backend = {
            let (works, speaks) = (Arc::clone(&works), Arc::clone(&speaks));
            let (reached, busiest, at_work) = (reached.clone(), busiest.clone(), at_work.clone());
            service_fn(move |_: Request<ReplayBody<Full<Bytes>>>| {
                let works = works.load(Ordering::Relaxed);
                let speaks = speaks.load(Ordering::Relaxed);
                reached.fetch_add(1, Ordering::Relaxed);
                let (busiest, at_work) = (busiest.clone(), at_work.clone());
                async move {
                    if !works && !speaks {
                        return Err(refused());
                    }
                    let busy = at_work.fetch_add(1, Ordering::Relaxed) + 1;
                    busiest.fetch_max(busy, Ordering::Relaxed);
                    tokio::time::sleep(ms(20)).await;
                    at_work.fetch_sub(1, Ordering::Relaxed);
                    let mut response = Response::new(Full::new(Bytes::from_static(b"yes")));
                    if !works {
                        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                    }
                    Ok::<_, BoxError>(response)
                }
            })
        };
        let budget = RetryBudget::new(
            "app",
            BudgetConfig {
                ratio: Ratio::ONE,
                ..BudgetConfig::default()
            },
        );
        let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(backend);
        // Who probes for the others spends an attempt, and chance may choose one of them several times.
        let policy = RetryPolicy {
            attempts: 10,
            ..RetryPolicy::default()
        };
        let retried = RetryLayer::new(budget, policy)
            .ride_out(breaker.clone())
            .layer(guarded);
        let service = TimeoutLayer::new(Duration::from_secs(4)).layer(retried);
        Self {
            breaker,
            works,
            speaks,
            reached,
            busiest,
            service: BoxCloneSyncService::new(
                service.map_response(|response: Response<_>| response.status().as_u16()),
            ),
        }
    }

    fn works(&self, works: bool) {
        self.works.store(works, Ordering::Relaxed);
    }

    /// One request, and how long it took.
    async fn ask(&self, method: &str) -> (Result<u16, BoxError>, Duration) {
        let begun = clock::now();
        let body = Full::new(Bytes::from_static(b"a question"));
        let request = support::request(method, body);
        let got = self.service.clone().oneshot(request).await;
        (got, clock::now().since(begun))
    }

    /// One each 2 ms for so long; each of them as it ended.
    async fn load(&self, lasts: Duration) -> Vec<(Result<u16, BoxError>, Duration)> {
        let mut tasks = Vec::new();
        for n in 0..lasts.as_millis() / 2 {
            let world = self.clone();
            let method = if n % 10 == 0 { "POST" } else { "GET" };
            tasks.push(tokio::spawn(async move { world.ask(method).await }));
            tokio::time::sleep(ms(2)).await;
        }
        let mut ended = Vec::new();
        for task in tasks {
            ended.push(task.await.unwrap());
        }
        ended
    }
}

/// The service fails from now on, until `back` from now.
fn fail_for(world: &World, back: Duration) {
    world.works(false);
    let world = world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(back).await;
        world.works(true);
    });
}

fn failed(ended: &[(Result<u16, BoxError>, Duration)]) -> usize {
    ended.iter().filter(|(got, _)| got.is_err()).count()
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_one_that_restarts_in_two_seconds_loses_nothing() {
    let world = World::new(BreakerConfig::default(), 1);
    assert_eq!(failed(&world.load(ms(100)).await), 0);
    fail_for(&world, ms(2_000));
    let ended = world.load(ms(4_000)).await;
    let first = ended
        .iter()
        .find_map(|(got, took)| Some((got.as_ref().err()?, took)));
    assert_eq!(failed(&ended), 0, "of {}: {first:?}", ended.len());
    let longest = ended.iter().map(|(_, took)| *took).max().unwrap();
    assert!(longest > ms(1_900) && longest < ms(2_600), "{longest:?}");
    let attempts = world.reached.load(Ordering::Relaxed);
    assert!(attempts < 2_250, "{attempts} attempts for 2,050 requests");
    // Of a thousand that waited a good part is under way at the end of the slow start, but not all.
    let busiest = world.busiest.load(Ordering::Relaxed);
    assert!(busiest < 700, "{busiest} at the same moment");
    assert_eq!(world.breaker.state(), State::Closed);
    let room = world.breaker.waiting_room().snapshot();
    assert_eq!(room.waiting, 0);
    assert!(
        room.entered > 900 && room.answered == room.entered,
        "{room:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn several_that_refuse_are_dead_at_once() {
    let world = World::new(BreakerConfig::default(), 3);
    world.load(ms(100)).await;
    fail_for(&world, ms(2_000));
    let ended = world.load(ms(1_500)).await;
    assert_eq!(failed(&ended), ended.len());
    let slow = ended.iter().filter(|(_, took)| *took > ms(5)).count();
    assert!(
        slow < 90,
        "{slow} of {}: those that were tried",
        ended.len()
    );
    assert_eq!(world.breaker.waiting_room().snapshot().entered, 0);
}

#[tokio::test(start_paused = true)]
async fn what_lasts_longer_fails_all_who_wait_and_everybody_later_at_once() {
    let config = BreakerConfig {
        ride_out: ms(1_000),
        ..BreakerConfig::default()
    };
    let world = World::new(config, 1);
    world.works(false);
    let ended = world.load(ms(2_000)).await;
    assert_eq!(failed(&ended), ended.len());
    let longest = ended.iter().map(|(_, took)| *took).max().unwrap();
    assert!(
        longest < ms(1_600),
        "{longest:?}: nobody waits longer than that"
    );
    let at_once = ended[600..]
        .iter()
        .filter(|(_, took)| *took < ms(5))
        .count();
    assert!(at_once > 340, "{at_once} of 400: all but the probes");
    let (got, _) = ended.into_iter().nth(300).unwrap();
    let error = got.unwrap_err();
    let refused = Rejected::find(&*error).unwrap();
    assert_eq!(refused.cause(), Cause::CircuitConsecutiveFailures);
    assert_eq!(refused.root(), Some(Cause::DependencyConnectRefused));
    // A probe succeeds, and all is well.
    world.works(true);
    world.load(ms(200)).await;
    assert_eq!(failed(&world.load(ms(200)).await), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_its_deadline() {
    let config = BreakerConfig {
        ride_out: Duration::from_secs(60),
        ..BreakerConfig::default()
    };
    let world = World::new(config, 1);
    world.works(false);
    let ended = world.load(ms(6_000)).await;
    assert_eq!(failed(&ended), ended.len());
    for (_, took) in &ended {
        assert!(*took <= ms(4_002), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_room_is_bounded_and_whoever_leaves_makes_room() {
    let config = BreakerConfig {
        max_waiting: 2,
        ..BreakerConfig::default()
    };
    let world = World::new(config, 1);
    world.works(false);
    world.load(ms(20)).await;
    assert_eq!(world.breaker.state(), State::Open);
    let mut waiting = [(); 2].map(|()| tokio_test::task::spawn(world.ask("POST")));
    for one in &mut waiting {
        tokio_test::assert_pending!(one.poll());
    }
    let (got, took) = world.ask("POST").await;
    assert!(got.is_err());
    assert_eq!(took, Duration::ZERO, "there is no place for a third");
    let [first, _second] = waiting;
    drop(first);
    tokio_test::assert_pending!(tokio_test::task::spawn(world.ask("POST")).poll());
    let room = world.breaker.waiting_room().snapshot();
    assert_eq!((room.waiting, room.turned_away > 0), (1, true));
}

#[tokio::test(start_paused = true)]
async fn an_operator_ends_the_wait() {
    let world = World::new(BreakerConfig::default(), 1);
    world.works(false);
    world.load(ms(20)).await;
    let mut waits = tokio_test::task::spawn(world.ask("GET"));
    tokio_test::assert_pending!(waits.poll());
    world.breaker.force_open(clock::now(), "drill");
    assert!(waits.is_woken(), "at once, and not by a timer");
    let (got, _) = waits.await;
    let error = got.unwrap_err();
    let told = Failure::find(&*error).is_some() || Rejected::find(&*error).is_some();
    assert!(told, "{error}");
}

/// Where no pool says whether there is another backend, the circuit may know that there is none: then the next
/// attempt leaves the process time to restart.
#[tokio::test(start_paused = true)]
async fn the_only_backend_is_not_asked_again_at_once() {
    for (backends, at_once) in [(1, 1), (2, 2)] {
        let world = World::new(BreakerConfig::default(), backends);
        world.works(false);
        let asked = world.clone();
        let task = tokio::spawn(async move { asked.ask("GET").await });
        tokio::time::sleep(ms(1)).await;
        assert_eq!(world.reached.load(Ordering::Relaxed), at_once);
        tokio::time::sleep(ms(101)).await;
        assert!(world.reached.load(Ordering::Relaxed) > 1);
        task.abort();
    }
}

/// Long after blips are ridden out: what a request is told rests on probes that were sent after it came.
#[tokio::test(start_paused = true)]
async fn who_comes_in_the_last_moments_of_an_outage_is_answered() {
    let config = BreakerConfig {
        ride_out: ms(500),
        ..BreakerConfig::default()
    };
    let world = World::new(config, 3);
    world.speaks.store(true, Ordering::Relaxed);
    world.load(ms(100)).await;
    let before = world.reached.load(Ordering::Relaxed);
    fail_for(&world, ms(3_000));
    let ended = world.load(ms(4_000)).await;
    let well = |(got, _): &&(Result<u16, BoxError>, Duration)| matches!(got, Ok(200));
    let (during, last) = ended.split_at(1_450);
    let saved = last.iter().filter(well).count();
    assert_eq!(
        saved,
        last.len(),
        "from a tenth of a second before the end on"
    );
    // Those in the middle of it heard as soon, but for the few that were probes and may try again; they were not
    // tried for that.
    let long = during[400..1_200]
        .iter()
        .filter(|(_, took)| *took > ms(205));
    let long = long.count();
    assert!(long < 100, "{long} of 800");
    let attempts = world.reached.load(Ordering::Relaxed) - before;
    let share = during.len() / 8;
    assert!(attempts as usize <= last.len() + share, "{attempts}");
}

/// One that hangs or has gone brings no news, and nobody waits for any.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_news_of_the_dead() {
    let config = BreakerConfig {
        ride_out: ms(500),
        ..BreakerConfig::default()
    };
    let world = World::new(config, 1);
    world.works(false);
    let ended = world.load(ms(2_000)).await;
    let at_once = ended[400..].iter().filter(|(_, took)| *took < ms(5));
    assert!(at_once.count() > 540, "of 600: all but the probes");
}

/// Who is answered after a wait is on its first attempt still, and has all the others.
#[tokio::test(start_paused = true)]
async fn a_wait_is_no_attempt() {
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    while breaker.state() == State::Closed {
        let permit = breaker.admit(clock::now()).unwrap();
        let refused = Outcome::failure(Cause::DependencyConnectRefused);
        permit.record(clock::now(), refused);
    }
    let seen = Arc::new(AtomicU32::new(0));
    let numbers = Arc::clone(&seen);
    let backend = service_fn(move |request: Request<ReplayBody<Full<Bytes>>>| {
        let context = request.extensions().get::<RequestContext>().unwrap();
        numbers.store(u32::from(context.number), Ordering::Relaxed);
        async { Ok::<_, BoxError>(support::status(200)) }
    });
    let guarded = CircuitBreakerLayer::new(breaker.clone()).layer(backend);
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let retried = RetryLayer::new(budget, RetryPolicy::default())
        .ride_out(breaker)
        .layer(guarded);
    let timed = TimeoutLayer::new(Duration::from_secs(15)).layer(retried);
    let begun = clock::now();
    let asked = support::request("POST", Full::from("body"));
    assert_eq!(timed.oneshot(asked).await.unwrap().status(), 200);
    assert!(clock::now().since(begun) >= ms(100), "it has waited");
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}
