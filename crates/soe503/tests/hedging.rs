//! A request that is late is sent to a second backend, and the first good answer is the request's.

mod support;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use soe503::pool::Affinity;
use soe503::retry::BudgetConfig;
use soe503::{RequestContext, clock};
use soe503_core::Ratio;
use soe503_core::breaker::State;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::health::{Health, HealthReport};
use soe503_core::hedge::Withheld;
use soe503_core::hops::Allowance;
use soe503_core::ledger::RetryVerdict as V;
use soe503_core::{Cause, Outcome};
use support::hedging::{Act, Hedged, Options, USUAL};
use support::{REFUSED, RESET, request};

use Act::{Answer, Break, Hang};

fn empty(method: &str) -> Request<Full<Bytes>> {
    request(method, Full::new(Bytes::new()))
}

/// Number, whether it is a hedge, and what became of it, of all attempts in the ledger.
fn told(outcome: &support::hedging::Outcome) -> Vec<(u8, bool, Option<V>)> {
    let attempts = outcome.ledger.iter().flat_map(|ledger| &ledger.attempts);
    attempts.map(|a| (a.number, a.hedge, a.retry)).collect()
}

#[tokio::test(start_paused = true)]
async fn fm11_the_hedge_wins_and_the_loser_is_cancelled() {
    let hedged = Hedged::new().await;
    let got = hedged.get(&[Hang, Answer(200, 20)]).await;
    assert_eq!(got.status, 200);
    assert!((USUAL + 15..USUAL + 25).contains(&got.took), "{}", got.took);
    let [first, second] = &*got.visits else {
        panic!("{:?}", got.visits)
    };
    assert_ne!(first.backend, second.backend);
    assert_eq!((first.number, first.hedge), (1, false));
    assert_eq!((second.number, second.hedge), (2, true));
    assert_eq!((first.tried, second.tried), (0, 1), "it goes elsewhere");
    assert_eq!(got.cancelled, [1]);
    assert_eq!(got.attempts, 2);
    assert_eq!(told(&got), [(1, false, Some(V::Outrun)), (2, true, None)]);
    let ledger = got.ledger.unwrap();
    let names: Vec<_> = ledger
        .attempts
        .iter()
        .map(|a| a.backend.as_deref())
        .collect();
    let name = |visit: usize| format!("b{}", got.visits[visit].backend);
    assert_eq!(names, [Some(&*name(0)), Some(&*name(1))]);
    assert_eq!(diagnose(&ledger, &Context::new(clock::now())).tries, 2);
    // No result for anybody.
    assert_eq!(hedged.failures(), 0);
    assert_eq!(hedged.breaker.state(), State::Closed);
    let seen = hedged.seen();
    assert_eq!((seen.sent, seen.won, seen.lost, seen.failed), (1, 1, 0, 0));
    assert_eq!(hedged.budget.snapshot(clock::now()).spent, 1);
}

#[tokio::test(start_paused = true)]
async fn the_first_wins() {
    let hedged = Hedged::new().await;
    let got = hedged.get(&[Answer(200, 60), Hang]).await;
    assert_eq!((got.status, got.took), (200, 60));
    assert_eq!(got.cancelled, [2]);
    assert_eq!(told(&got), [(2, true, Some(V::Outrun)), (1, false, None)]);
    let seen = hedged.seen();
    assert_eq!((seen.sent, seen.won, seen.lost, seen.failed), (1, 0, 1, 0));
    assert_eq!(hedged.failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_answers_in_time_is_not_hedged() {
    let hedged = Hedged::new().await;
    let got = hedged.get(&[Answer(200, USUAL - 2)]).await;
    assert_eq!((got.status, got.attempts), (200, 1));
    assert_eq!(hedged.seen().sent, 0);
}

/// A failure of one is not the request's while the other is under way.
#[tokio::test(start_paused = true)]
async fn one_fails_and_the_other_wins() {
    for failure in [Break(RESET, 10), Answer(503, 10)] {
        let hedged = Hedged::new().await;
        let got = hedged.get(&[Answer(200, 120), failure]).await;
        assert_eq!((got.status, got.took), (200, 120), "{failure:?}");
        assert_eq!(told(&got), [(2, true, Some(V::Hedged)), (1, false, None)]);
        assert_eq!(got.cancelled, [0_u8; 0]);
        assert_eq!(hedged.seen().failed, 1);
        assert_eq!(hedged.failures(), 1);
    }
    for failure in [Break(RESET, 60), Answer(503, 60)] {
        let hedged = Hedged::new().await;
        let got = hedged.get(&[failure, Answer(200, 80)]).await;
        assert_eq!(got.status, 200, "{failure:?}");
        assert!(got.took < 60 + 80, "{}", got.took);
        assert_eq!(told(&got), [(1, false, Some(V::Hedged)), (2, true, None)]);
        assert_eq!(hedged.failures(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn both_fail_and_a_third_follows() {
    for first in [Break(RESET, 50), Break(RESET, 90)] {
        let hedged = Hedged::new().await;
        let got = hedged.get(&[first, Answer(503, 40), Answer(200, 5)]).await;
        assert_eq!((got.status, got.attempts), (200, 3), "{first:?}");
        let third = &got.visits[2];
        assert_eq!((third.number, third.hedge), (3, false));
        let mut backends: Vec<_> = got.visits.iter().map(|visit| visit.backend).collect();
        backends.sort_unstable();
        assert_eq!(backends, [0, 1, 2]);
        assert_eq!(hedged.failures(), 2);
    }
}

/// The hedge is one of the attempts that may be made.
#[tokio::test(start_paused = true)]
async fn both_fail_and_all_attempts_are_spent() {
    for (first, second) in [
        (Break(RESET, 50), Answer(503, 40)),
        (Break(RESET, 90), Answer(503, 40)),
    ] {
        let hedged = Hedged::with(Options {
            attempts: 2,
            ..Options::default()
        })
        .await;
        let got = hedged.get(&[first, second]).await;
        assert_eq!(got.attempts, 2);
        let ledger = got.ledger.as_ref().unwrap();
        assert_eq!(ledger.last().unwrap().retry, Some(V::AttemptsSpent));
        // Whichever was last: a connection that broke off says more than a 503.
        let cause = diagnose(ledger, &Context::new(clock::now())).primary;
        assert_eq!(cause, Cause::DependencyResetBeforeResponse);
    }
}

/// Time that is over blames the backend, hedge or not.
#[tokio::test(start_paused = true)]
async fn both_hang() {
    let hedged = Hedged::new().await;
    let got = hedged.get(&[Hang, Hang, Answer(200, 10)]).await;
    assert_eq!((got.status, got.attempts), (200, 3));
    assert!((1_000..1_150).contains(&got.took), "{}", got.took);
    assert_eq!(hedged.failures(), 2);
    let hedged = Hedged::with(Options {
        timeout: 500,
        ..Options::default()
    })
    .await;
    let got = hedged.get(&[Hang, Hang]).await;
    assert_eq!((got.status, got.took), (0, 500), "the deadline");
    assert_eq!(got.attempts, 2);
    assert_eq!(hedged.failures(), 2);
}

/// The circuit or the pool turns it away: it was no attempt.
#[tokio::test(start_paused = true)]
async fn a_hedge_that_is_refused_changes_nothing() {
    let hedged = Hedged::new().await;
    hedged.breaker.force_open(clock::now(), "a test");
    let got = hedged.get(&[]).await;
    assert_eq!(got.status, 0);
    hedged.breaker.force_closed(clock::now(), "a test");
    let asking = hedged.get(&[Answer(200, 300)]);
    let opening = async {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        hedged.breaker.force_open(clock::now(), "a test");
    };
    let (got, ()) = tokio::join!(asking, opening);
    assert_eq!((got.status, got.took, got.attempts), (200, 300, 1));
    assert_eq!((hedged.seen().sent, hedged.seen().failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_takes_both_along() {
    let hedged = Hedged::new().await;
    assert_eq!(hedged.leave(20, &[Hang]).await, 1);
    assert_eq!(hedged.leave(60, &[Hang, Hang]).await, 2);
    assert_eq!(hedged.failures(), 0);
}

#[tokio::test(start_paused = true)]
async fn fm11_only_what_is_safe_twice() {
    let hedged = Hedged::new().await;
    let slow = [Answer(200, 200)];
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let got = hedged.send(empty(method), &slow).await;
        assert_eq!((got.visits.len(), got.took), (1, 200), "{method}");
    }
    let with_body = request("GET", Full::from("a body"));
    assert_eq!(hedged.send(with_body, &slow).await.visits.len(), 1);
    let mut upgrade = empty("GET");
    upgrade
        .headers_mut()
        .insert("upgrade", "websocket".parse().unwrap());
    assert_eq!(hedged.send(upgrade, &slow).await.visits.len(), 1);
    let mut bound = empty("GET");
    bound.extensions_mut().insert(Affinity::NONE.with_badge(7));
    assert_eq!(hedged.send(bound, &slow).await.visits.len(), 1);
    assert_eq!((hedged.seen().sent, hedged.withheld()), (0, None));
    for method in ["GET", "HEAD", "OPTIONS"] {
        let got = hedged.send(empty(method), &[Hang, Answer(200, 5)]).await;
        assert_eq!(got.visits.len(), 2, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_known_yet() {
    let hedged = Hedged::with(Options {
        warm: false,
        ..Options::default()
    })
    .await;
    let got = hedged.get(&[Answer(200, 900)]).await;
    assert_eq!((got.attempts, hedged.withheld()), (1, None));
}

/// Why a request that was late was sent once.
async fn once(hedged: &Hedged, why: Withheld) {
    let got = hedged.get(&[Answer(200, 200)]).await;
    assert_eq!((got.status, got.visits.len()), (200, 1), "{why:?}");
    assert_eq!(hedged.withheld(), Some((why, 1)));
    assert_eq!(hedged.seen().sent, 0);
}

#[tokio::test(start_paused = true)]
async fn fm11_not_while_the_pool_is_in_trouble() {
    let hedged = Hedged::new().await;
    hedged.circuit.force_open(clock::now(), "a test");
    once(&hedged, Withheld::Circuit).await;
    let hedged = Hedged::new().await;
    for backend in &*hedged.backends.backends() {
        let down = HealthReport::unchecked(Health::Down);
        hedged
            .backends
            .set_health(backend.id, down, clock::now())
            .unwrap();
    }
    once(&hedged, Withheld::Panic).await;
}

/// A probe shows whether a backend is back; an answer of another one would not.
#[tokio::test(start_paused = true)]
async fn no_probe_is_hedged() {
    let hedged = Hedged::new().await;
    let refused = Outcome::failure(Cause::DependencyConnectRefused);
    let none = soe503_core::pool::Tried::new();
    let mut rng = fastrand::Rng::with_seed(1);
    let lease = hedged.backends.pick(clock::now(), &none, false, &mut rng);
    lease.unwrap().record(clock::now(), refused);
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    once(&hedged, Withheld::Probe).await;
}

#[tokio::test(start_paused = true)]
async fn not_without_somebody_else_to_ask() {
    let hedged = Hedged::with(Options {
        backends: 1,
        ..Options::default()
    })
    .await;
    once(&hedged, Withheld::NoOtherBackend).await;
}

#[tokio::test(start_paused = true)]
async fn not_when_the_deadline_is_near() {
    let hedged = Hedged::with(Options {
        timeout: USUAL * 3 / 2,
        ..Options::default()
    })
    .await;
    let got = hedged.get(&[Hang]).await;
    assert_eq!((got.status, got.visits.len()), (0, 1));
    assert_eq!(hedged.withheld(), Some((Withheld::NoTimeLeft, 1)));
}

#[tokio::test(start_paused = true)]
async fn not_beyond_the_attempts() {
    let hedged = Hedged::with(Options {
        attempts: 1,
        ..Options::default()
    })
    .await;
    let got = hedged.get(&[Answer(200, 200)]).await;
    assert_eq!(
        (got.visits.len(), hedged.withheld()),
        (1, None),
        "no retries at all"
    );
    // A proxy before this one has left one attempt, or two.
    let hedged = Hedged::new().await;
    let handed = |attempts| {
        let mut request = empty("GET");
        RequestContext::of(&mut request).allowance = Allowance::handed(attempts);
        request
    };
    let got = hedged.send(handed(1), &[Answer(200, 200)]).await;
    assert_eq!(got.visits.len(), 1);
    assert_eq!(hedged.withheld(), Some((Withheld::AttemptsSpent, 1)));
    let got = hedged
        .send(handed(2), &[Break(RESET, 50), Break(RESET, 50)])
        .await;
    assert_eq!(got.visits.len(), 2);
    assert_eq!(
        got.ledger.unwrap().last().unwrap().retry,
        Some(V::AttemptsSpent)
    );
    // One that was refused the connection has used none of its own.
    let got = hedged
        .send(handed(2), &[Break(REFUSED, 50), Answer(200, 60)])
        .await;
    assert_eq!((got.status, got.visits.len()), (200, 2));
}

#[tokio::test(start_paused = true)]
async fn fm11_not_beyond_its_part_of_the_budget() {
    let hedged = Hedged::with(Options {
        budget: BudgetConfig {
            ratio: Ratio::percent(2),
            min_per_second: 100,
            ..BudgetConfig::default()
        },
        ..Options::default()
    })
    .await;
    // Half of 2 % of about 120 requests: one.
    let got = hedged.get(&[Hang, Answer(200, 5)]).await;
    assert_eq!(got.visits.len(), 2);
    let got = hedged.get(&[Answer(200, 200)]).await;
    assert_eq!(got.visits.len(), 1);
    assert_eq!(hedged.withheld(), Some((Withheld::BudgetEmpty, 1)));
    // The reserve is for retries.
    let got = hedged.get(&[Break(RESET, 5), Answer(200, 5)]).await;
    assert_eq!((got.status, got.attempts), (200, 2));
}

#[tokio::test(start_paused = true)]
async fn fm11_not_when_all_backends_are_slow() {
    let hedged = Hedged::with(Options {
        budget: BudgetConfig {
            min_per_second: 1_000,
            ratio: Ratio::percent(100),
            ..BudgetConfig::default()
        },
        ..Options::default()
    })
    .await;
    let slow = [Answer(200, 200), Answer(200, 200)];
    for _ in 0..8 {
        assert_eq!(hedged.get(&slow).await.visits.len(), 2);
    }
    assert_eq!(hedged.get(&slow[..1]).await.visits.len(), 1);
    assert_eq!(hedged.withheld(), Some((Withheld::Crowd, 1)));
    // One is answered in time, and it is some that are slow.
    assert_eq!(hedged.get(&[Answer(200, 5)]).await.visits.len(), 1);
    assert_eq!(hedged.get(&[Hang, Answer(200, 5)]).await.visits.len(), 2);
    // So they are if the second backend answers in time.
    for _ in 0..20 {
        assert_eq!(hedged.get(&[Hang, Answer(200, 5)]).await.visits.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_once_if_that_is_allowed() {
    let acts = [Answer(200, 500), Break(RESET, 10), Answer(200, 10)];
    let once = Hedged::new().await;
    let got = once.get(&acts[..2]).await;
    assert_eq!((got.took, got.attempts), (500, 2));
    let twice = Hedged::with(Options {
        max: 2,
        attempts: 4,
        ..Options::default()
    })
    .await;
    let got = twice.get(&acts).await;
    assert_eq!(got.attempts, 3, "never more than two at the same time");
    assert!(got.took < 150, "{}", got.took);
    assert_eq!((twice.seen().sent, twice.seen().won), (2, 1));
    let mut backends: Vec<_> = got.visits.iter().map(|visit| visit.backend).collect();
    backends.sort_unstable();
    assert_eq!(backends, [0, 1, 2]);
}
