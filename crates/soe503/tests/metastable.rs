//! An overload that keeps itself going, through the layers, in paused time: with somebody who watches the
//! counts it is left, and without it is not.

mod support;

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use soe503::concurrency_limit::{Limit, LimitConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{ConcurrencyLimitLayer, RetryLayer, clock};
use soe503_core::metastable::{Counts, Metastable, Stage};
use soe503_core::retry::Cut;
use support::{empty, get};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

/// The backend answers a hundred a second, one after the other, whoever still waits for them.
const WORK: Duration = Duration::from_millis(10);
/// Clients ask eighty times a second, and once more if they were not answered in time.
const GAP: Duration = Duration::from_micros(12_500);
const PATIENCE: Duration = Duration::from_millis(300);
/// At this second the backend stands still for a while.
const TRIGGER: u32 = 30;
const STANDS_STILL: Duration = Duration::from_secs(4);
const END: u32 = 90;

#[derive(Default)]
struct Seen {
    counts: Cell<Counts>,
    /// Good answers by second.
    good: RefCell<Vec<u32>>,
    stages: RefCell<Vec<Stage>>,
}

async fn play(watched: bool) -> Rc<Seen> {
    let limit = Limit::with(
        "app",
        LimitConfig {
            fixed: 10_000,
            max_waiting: 1_000,
            ..LimitConfig::default()
        },
    );
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let free_at = Arc::new(Mutex::new(Instant::now()));
    let works = Arc::clone(&free_at);
    let backend = service_fn(move |_: Request<_>| {
        let done = {
            let mut free_at = works.lock().unwrap();
            *free_at = (*free_at).max(Instant::now()) + WORK;
            *free_at
        };
        async move {
            sleep_until(done).await;
            Ok::<Response<Empty<Bytes>>, Infallible>(empty(200))
        }
    });
    let policy = RetryPolicy {
        attempts: 2,
        attempt_timeout: Some(PATIENCE * 2 / 3),
        ..RetryPolicy::default()
    };
    let retried = RetryLayer::new(budget.clone(), policy).layer(backend);
    let service = ConcurrencyLimitLayer::new(limit.clone()).layer(retried);
    let seen = Rc::new(Seen::default());
    let (mut watch, began) = (Metastable::new(), Instant::now());
    for second in 0..END {
        if second == TRIGGER {
            let mut free_at = free_at.lock().unwrap();
            *free_at = (*free_at).max(Instant::now()) + STANDS_STILL;
        }
        seen.good.borrow_mut().push(0);
        let until = began + Duration::from_secs(u64::from(second) + 1);
        while Instant::now() < until {
            let (service, seen) = (service.clone(), Rc::clone(&seen));
            tokio::task::spawn_local(async move {
                for _ in 0..2 {
                    let asked = timeout(PATIENCE, service.clone().oneshot(get())).await;
                    if seen.note(asked.map(|answer| answer.is_ok()).ok()) {
                        return;
                    }
                }
            });
            sleep(GAP).await;
        }
        if watched {
            let mut counts = seen.counts.get();
            counts.retries = budget.snapshot(clock::now()).spent;
            if let Some(change) = watch.turn(clock::now(), counts, limit.pending(), true) {
                seen.stages.borrow_mut().push(change.to);
            }
            let orders = watch.orders();
            budget.set_cut(Cut::Overload, orders.no_retries);
            limit.obey(&orders);
        }
    }
    seen
}

impl Seen {
    /// `None`: it was not waited for any longer; `Some(false)`: it was turned away.
    fn note(&self, answered: Option<bool>) -> bool {
        let mut counts = self.counts.get();
        match answered {
            Some(true) => {
                counts.requests += 1;
                counts.good += 1;
                *self.good.borrow_mut().last_mut().unwrap() += 1;
            }
            Some(false) => counts.shed += 1,
            None => {
                counts.requests += 1;
                counts.late += 1;
            }
        }
        self.counts.set(counts);
        answered == Some(true)
    }

    fn good(&self, from: u32, till: u32) -> u32 {
        let good = self.good.borrow();
        good[from as usize..till as usize].iter().sum::<u32>() / (till - from)
    }
}

#[tokio::test(start_paused = true)]
async fn by_itself_it_stays() {
    let local = tokio::task::LocalSet::new();
    let seen = local.run_until(play(false)).await;
    assert!(seen.good(10, TRIGGER) > 75, "{}", seen.good(10, TRIGGER));
    assert!(seen.good(60, END) < 20, "{}", seen.good(60, END));
}

#[tokio::test(start_paused = true)]
async fn watched_it_is_left() {
    let local = tokio::task::LocalSet::new();
    let seen = local.run_until(play(true)).await;
    let stages = seen.stages.borrow();
    assert_eq!(stages.first(), Some(&Stage::RetriesCut));
    assert_eq!(stages.last(), Some(&Stage::Normal), "{stages:?}");
    let good = seen.good(70, END);
    assert!(good > 75, "{good}: {stages:?}, {:?}", seen.good.borrow());
}
