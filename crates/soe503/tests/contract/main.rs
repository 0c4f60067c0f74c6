//! Tower's contract, and what is more than a contract to services that share state: each probe is put to
//! each layer.
//!
//! | probe | what is looked at |
//! | --- | --- |
//! | `only_what_was_ready_is_called` | readiness belongs to an instance: a service whose clones are not ready, and that counts calls of what was not polled, counts none; not in attempts after the first either |
//! | `whoever_waits_is_woken` | what is pending has left its waker where it will be woken |
//! | `a_dropped_future_leaves_nothing` | slots, probes, leases and places in line are free when the request's future is dropped, before its first poll or in its midst |
//! | `a_dropped_service_leaves_its_requests_alone` | a request goes on without the service that it was sent to, and then leaves nothing either |
//! | `a_service_that_is_ready_and_never_called_leaves_nothing` | likewise where the service is dropped before it is called |
//! | `a_dropped_body_leaves_nothing` | likewise where the answer is given up in its body |
//! | `errors_of_readiness_are_told_and_counted` | what `poll_ready` fails with is passed on, or answered by `Explain`; breakers and pools have heard of it |
//! | `routes.rs` | nothing is made in `Layer::layer`: routes that each had the layer put on share its state |
//!
//! `rows.rs` is the list of layers. `Clone + Send + Sync` is what [`BoxCloneSyncService`](tower::util::BoxCloneSyncService)
//! asks of each of them, and `auto_traits.rs` of every type.

#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../support/mod.rs"]
mod support;

mod inner;
mod routes;
mod rows;

use std::time::Duration;

use inner::{Answer, Inner, Readiness};
use rows::{Made, ROWS, Row, request};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Service, ServiceExt};

/// The layer of `row` around a service that counts, some time after it was made.
async fn made(row: &Row) -> (Inner, Made) {
    let inner = Inner::new();
    let mut made = (row.make)(inner.clone());
    tokio::time::advance(Duration::from_secs(2)).await;
    if row.learns {
        inner.answers(Answer::After(30));
        for n in 0..122 {
            if n == 121 {
                // One more, for the pool to look at what it has seen.
                tokio::time::advance(Duration::from_millis(200)).await;
            }
            let answer = made.service.ready().await.unwrap().call(request()).await;
            let body = answer.unwrap().into_body();
            axum::body::to_bytes(body, usize::MAX).await.unwrap();
        }
        inner.answers(Answer::Good);
    }
    (inner, made)
}

#[tokio::test(start_paused = true)]
async fn only_what_was_ready_is_called() {
    for row in ROWS {
        let (
            inner,
            Made {
                mut service,
                occupied,
                ..
            },
        ) = made(row).await;
        drop(occupied);
        let before = inner.calls();
        for _ in 0..3 {
            service
                .ready()
                .await
                .unwrap()
                .call(request())
                .await
                .unwrap();
        }
        // A clone of what is ready has to be asked itself; its original stays ready.
        service.ready().await.unwrap();
        let mut clone = service.clone();
        clone.ready().await.unwrap().call(request()).await.unwrap();
        service.call(request()).await.unwrap();
        assert_eq!(inner.calls() - before, 5, "{}", row.name);
        // Other attempts are other instances.
        inner.answers(Answer::Unavailable);
        let answer = service
            .ready()
            .await
            .unwrap()
            .call(request())
            .await
            .unwrap();
        assert_eq!(answer.status(), 503, "{}", row.name);
        let again = inner.calls() - before > 6;
        assert_eq!(again, row.tries_again, "{}", row.name);
        assert_eq!(inner.violations(), 0, "{}", row.name);
    }
}

/// A hedge is a second instance too.
#[tokio::test(start_paused = true)]
async fn a_hedge_is_called_when_it_was_ready() {
    let hedging = ROWS.iter().find(|row| row.learns).unwrap();
    let (inner, Made { service, held, .. }) = made(hedging).await;
    inner.answers(Answer::Nothing);
    let before = inner.calls();
    let mut hedged = task::spawn(service.oneshot(request()));
    assert_pending!(hedged.poll());
    for _ in 0..100 {
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_pending!(hedged.poll());
    }
    assert_eq!(
        (inner.calls() - before, inner.in_flight(), held()),
        (2, 2, 2)
    );
    assert_eq!(inner.violations(), 0);
    drop(hedged);
    assert_eq!((inner.in_flight(), held()), (0, 0));
}

/// What a request waits for before it is sent.
enum Waits {
    Service,
    Room(Option<Box<dyn Send>>),
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken() {
    for row in ROWS {
        let (
            inner,
            Made {
                service, occupied, ..
            },
        ) = made(row).await;
        inner.is(Readiness::Never);
        inner.answers(Answer::Nothing);
        let mut sent = task::spawn(service.oneshot(request()));
        assert_pending!(sent.poll(), "{}", row.name);
        let mut waits = [
            ("when it is ready", Waits::Service),
            ("when there is room", Waits::Room(occupied)),
        ];
        if row.room_first {
            waits.reverse();
        }
        for (when, wait) in waits {
            match wait {
                Waits::Service => inner.is(Readiness::Ready),
                Waits::Room(None) => continue,
                Waits::Room(slot) => drop(slot),
            }
            assert!(sent.is_woken(), "{}: {when}", row.name);
            assert_pending!(sent.poll(), "{}", row.name);
        }
        assert_eq!(inner.in_flight(), 1, "{}", row.name);
        inner.answers(Answer::Good);
        assert!(sent.is_woken(), "{}: when it is answered", row.name);
        let answer = assert_ready!(sent.poll(), "{}", row.name);
        assert_eq!(answer.unwrap().status(), 200, "{}", row.name);
        assert_eq!(inner.violations(), 0, "{}", row.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_leaves_nothing() {
    for row in ROWS {
        let (
            inner,
            Made {
                mut service,
                held,
                occupied,
                ..
            },
        ) = made(row).await;
        inner.answers(Answer::Nothing);
        let outside = u32::from(occupied.is_some());
        for polls in [0, 1, 2] {
            // More often than there are slots and places.
            for _ in 0..8 {
                service.ready().await.unwrap();
                let mut sent = task::spawn(service.call(request()));
                for _ in 0..polls {
                    assert_pending!(sent.poll(), "{}", row.name);
                }
                if polls > 0 && occupied.is_none() {
                    assert_eq!(inner.in_flight(), 1, "{}", row.name);
                }
                drop(sent);
                assert_eq!(inner.in_flight(), 0, "{}: {polls} polls", row.name);
                assert_eq!(held(), outside, "{}: {polls} polls", row.name);
            }
        }
        // And whoever comes next is served.
        drop(occupied);
        inner.answers(Answer::Good);
        let answer = service.ready().await.unwrap().call(request()).await;
        assert_eq!(answer.unwrap().status(), 200, "{}", row.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_service_leaves_its_requests_alone() {
    for row in ROWS {
        let (
            inner,
            Made {
                mut service,
                held,
                occupied,
                ..
            },
        ) = made(row).await;
        inner.answers(Answer::Nothing);
        let waits = occupied.is_some();
        service.ready().await.unwrap();
        let mut sent = task::spawn(service.call(request()));
        assert_pending!(sent.poll(), "{}", row.name);
        drop(service);
        assert_eq!(inner.in_flight(), usize::from(!waits), "{}", row.name);
        drop(occupied);
        inner.answers(Answer::Good);
        // The body is still held, and so is what it holds.
        let answer = assert_ready!(sent.poll(), "{}", row.name).unwrap();
        assert_eq!(answer.status(), 200, "{}", row.name);
        drop(answer);
        drop(sent);
        assert_eq!((inner.in_flight(), held()), (0, 0), "{}", row.name);
    }
}

/// One that was polled ready may have taken something for the call that does not come.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_ready_and_never_called_leaves_nothing() {
    for row in ROWS {
        let (
            inner,
            Made {
                mut service,
                held,
                occupied,
                ..
            },
        ) = made(row).await;
        let outside = u32::from(occupied.is_some());
        // More often than there are slots and places.
        for _ in 0..8 {
            let mut unused = service.clone();
            unused.ready().await.unwrap();
            drop(unused);
            assert_eq!(held(), outside, "{}", row.name);
        }
        drop(occupied);
        let before = inner.calls();
        let answer = service.ready().await.unwrap().call(request()).await;
        assert_eq!(answer.unwrap().status(), 200, "{}", row.name);
        assert_eq!(inner.calls() - before, 1, "{}", row.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_body_leaves_nothing() {
    for row in ROWS {
        let (
            _,
            Made {
                mut service,
                held,
                occupied,
                ..
            },
        ) = made(row).await;
        drop(occupied);
        for _ in 0..8 {
            let answer = service.ready().await.unwrap().call(request()).await;
            drop(answer.unwrap().into_body());
            assert_eq!(held(), 0, "{}", row.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_readiness_are_told_and_counted() {
    for row in ROWS {
        let (
            inner,
            Made {
                service,
                held,
                failed,
                occupied,
            },
        ) = made(row).await;
        drop(occupied);
        let before = failed.as_ref().map_or(0, |failed| failed());
        inner.is(Readiness::Refused);
        let calls = inner.calls();
        let got = service.clone().oneshot(request()).await;
        match got {
            Ok(answer) => {
                assert!(row.explains, "{}", row.name);
                assert!(answer.status().is_server_error(), "{}", row.name);
            }
            Err(error) => {
                assert!(!row.explains, "{}", row.name);
                let told =
                    soe503::facts::attempt(&*error, 1, soe503::clock::now(), soe503::clock::now());
                let refused = soe503_core::ledger::Fault::Errno(support::REFUSED);
                let found = soe503::Failure::find(&*error)
                    .and_then(|failure| failure.last().and_then(|last| last.fault.clone()));
                assert_eq!(found.or(told.fault), Some(refused), "{}", row.name);
            }
        }
        assert_eq!(inner.calls(), calls, "{}", row.name);
        if let Some(failed) = failed {
            assert!(failed() > before, "{}: heard of", row.name);
        }
        assert_eq!(held(), 0, "{}", row.name);
        inner.is(Readiness::Ready);
        assert_eq!(inner.violations(), 0, "{}", row.name);
    }
}
