//! What backends' failures do to those who get the next requests.

use std::time::Duration;

use soe503::pool::Balance;
use soe503_core::pool::BackendState;
use soe503_pingora::{Balanced, Config};

use crate::support::{Backend, Does, front, get, hasty, post};

fn state(balanced: &Balanced, backend: &Backend) -> BackendState {
    let name = backend.address.to_string();
    let snapshot = balanced.backends.snapshot(soe503::clock::now());
    let found = snapshot.backends.iter().find(|one| *one.name == *name);
    found.unwrap().state
}

/// Everybody gets requests, however they have done lately.
fn in_turn() -> Config {
    let mut config = Config::default();
    config.pool.balance = Balance::RoundRobin;
    config
}

#[tokio::test]
async fn a_killed_one_is_out_after_one_attempt_and_nobody_notices() {
    let backends = [
        Backend::that(Does::Answers).await,
        Backend::that(Does::Answers).await,
        Backend::that(Does::Answers).await,
    ];
    let mut config = in_turn();
    config.pool.ejection.base = Duration::from_secs(60);
    config.pool.ejection.max = Duration::from_secs(60);
    let (front, balanced) = front(config, &backends.each_ref()).await;
    for _ in 0..20 {
        assert_eq!(get(front.address).await.status, 200);
    }
    backends[0].kill().await;
    for _ in 0..40 {
        assert_eq!(get(front.address).await.status, 200);
    }
    assert_eq!(state(&balanced, &backends[0]), BackendState::Ejected);
    assert_eq!(state(&balanced, &backends[1]), BackendState::Up);
}

#[tokio::test]
async fn one_that_answers_with_500_is_out_after_five() {
    let bad = Backend::that(Does::Status(500)).await;
    let good = Backend::that(Does::Answers).await;
    let (front, balanced) = front(in_turn(), &[&bad, &good]).await;
    let mut asked = 0;
    while state(&balanced, &bad) != BackendState::Ejected {
        get(front.address).await;
        asked += 1;
        assert!(asked < 500, "never ejected");
    }
    assert_eq!(bad.requests(), 5);
}

#[tokio::test]
async fn it_comes_back_by_a_probe() {
    let bad = Backend::that(Does::Status(500)).await;
    let good = Backend::that(Does::Answers).await;
    let mut config = in_turn();
    config.pool.ejection.base = Duration::from_millis(50);
    let (front, balanced) = front(config, &[&bad, &good]).await;
    while state(&balanced, &bad) != BackendState::Ejected {
        get(front.address).await;
    }
    bad.becomes(Does::Answers);
    let before = bad.requests();
    while bad.requests() < before + 3 {
        assert_eq!(get(front.address).await.status, 200);
    }
    assert!(matches!(
        state(&balanced, &bad),
        BackendState::Up | BackendState::Warming
    ));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_backends_failure() {
    let bad = Backend::that(Does::BreaksOff).await;
    let (front, balanced) = front(hasty(), &[&bad]).await;
    let answer = get(front.address).await;
    assert_eq!((answer.status, answer.whole), (200, false));
    let snapshot = balanced.backends.snapshot(soe503::clock::now());
    assert_eq!(snapshot.backends[0].failures, 1);
    assert_eq!(snapshot.backends[0].in_flight, 0);
}

#[tokio::test]
async fn nothing_stays_in_flight() {
    let backends = [
        Backend::that(Does::Answers).await,
        Backend::that(Does::Closes).await,
    ];
    let (front, balanced) = front(hasty(), &backends.each_ref()).await;
    for _ in 0..10 {
        get(front.address).await;
        post(front.address).await;
    }
    // The end of a request is known here a moment after its client has the answer.
    let flying = || -> u32 {
        let snapshot = balanced.backends.snapshot(soe503::clock::now());
        snapshot.backends.iter().map(|one| one.in_flight).sum()
    };
    let mut turns = 0;
    while flying() > 0 {
        tokio::task::yield_now().await;
        turns += 1;
        assert!(turns < 100_000, "{}", flying());
    }
}

#[tokio::test]
async fn one_that_restarts_is_waited_for() {
    let backend = Backend::that(Does::Answers).await;
    let mut config = Config {
        timeout: Duration::from_secs(60),
        ..Config::default()
    };
    config.breaker.ride_out = Duration::from_secs(60);
    let (front, balanced) = front(config, &[&backend]).await;
    let address = front.address;
    assert_eq!(get(address).await.status, 200);
    backend.kill().await;
    let snapshot = || balanced.breaker.snapshot(soe503::clock::now());
    let mut lost = Vec::new();
    while snapshot().trips == 0 {
        lost.push(tokio::spawn(get(address)));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let entered = || balanced.breaker.waiting_room().snapshot().entered;
    let before = entered();
    let asked: Vec<_> = (0..8).map(|_| tokio::spawn(get(address))).collect();
    while entered() < before + 8 {
        tokio::task::yield_now().await;
    }
    let _again = Backend::at(backend.address, Does::Answers).await;
    for answer in asked {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}
