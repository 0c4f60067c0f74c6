use super::*;
use crate::listen::watched::{self, Place};

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    body: Duration::from_secs(20),
    write: Duration::from_secs(30),
    idle: Duration::from_secs(60),
    tunnel: Duration::from_secs(3600),
};

fn at(second: u64) -> Tick {
    Tick::from_secs(second)
}

#[tokio::test]
async fn each_phase_has_its_own_limit() {
    type Phase = fn(&Watch);
    let phases: [(Phase, u64); 6] = [
        (|_| {}, 10),
        (Watch::arriving, 10),
        (Watch::receiving, 20),
        (Watch::writing, 30),
        (Watch::idle, 60),
        (Watch::tunnel, 3600),
    ];
    for (enter, limit) in phases {
        look(at(100), false);
        let watch = Watch::new();
        enter(&watch);
        assert!(
            !watch.is_late(PATIENCE, None, at(100 + limit - 1)),
            "{limit}"
        );
        assert!(watch.is_late(PATIENCE, None, at(100 + limit)), "{limit}");
        watch.busy();
        assert!(!watch.is_late(PATIENCE, None, at(100_000)));
    }
}

#[tokio::test]
async fn the_first_byte_of_a_head_starts_its_clock_and_the_next_do_not_restart_it() {
    look(at(100), false);
    let watch = Watch::new();
    watch.idle();
    for second in [150, 155] {
        look(at(second), false);
        watch.arriving();
    }
    assert!(!watch.is_late(PATIENCE, None, at(159)));
    assert!(watch.is_late(PATIENCE, None, at(160)));
}

#[tokio::test]
async fn waiting_for_a_body_is_measured() {
    look(at(100), false);
    let watch = Watch::new();
    watch.busy();
    look(at(103), false);
    watch.receiving();
    look(at(105), false);
    watch.receiving();
    look(at(107), false);
    assert_eq!(watch.received().as_secs(), 4);
    assert_eq!(watch.received(), Duration::ZERO);
}

#[tokio::test]
async fn a_shutdown_is_the_last_call_for_quiet_connections_only() {
    look(at(100), false);
    let (quiet, busy) = (Watch::new(), Watch::new());
    quiet.idle();
    busy.busy();
    let last_call = Some(at(105));
    assert!(!quiet.is_late(PATIENCE, last_call, at(106)));
    assert!(quiet.is_late(PATIENCE, last_call, at(107)));
    assert!(!busy.is_late(PATIENCE, last_call, at(1000)));
    // Its clock begins anew with an answer that came after the shutdown had begun.
    look(at(110), false);
    quiet.idle();
    assert!(!quiet.is_late(PATIENCE, last_call, at(111)));
}

/// A connection that is served by `task`.
fn serving<F>(watch: Arc<Watch>, task: F) -> tokio::task::JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let place = Place::take(watch, Arc::new(PATIENCE));
    let number = place.number();
    let task = tokio::spawn(async move {
        task.await;
        drop(place);
    });
    watched::serves(number, task.abort_handle());
    task
}

#[tokio::test]
async fn overdue_connections_are_ended_and_finished_ones_forgotten() {
    look(at(1), false);
    let overdue = serving(Watch::new(), std::future::pending());
    let done = serving(Watch::new(), std::future::ready(()));
    assert_eq!(watched::count(), 2);
    done.await.unwrap();
    assert_eq!(watched::count(), 1);
    look(at(10), false);
    assert!(!overdue.is_finished());
    look(at(11), false);
    assert!(overdue.await.unwrap_err().is_cancelled());
    assert_eq!(watched::count(), 0);
    // Their places are taken again.
    let next = Place::take(Watch::new(), Arc::new(PATIENCE));
    assert!(next.number() < 2);
}

#[tokio::test]
async fn an_alarm_rings_once_at_the_earliest_time_that_was_asked_for() {
    look(at(1), false);
    let watch = Watch::new();
    watch.busy();
    let mut woken = tokio_test::task::spawn(());
    woken.enter(|cx, _unit| watch.wakes(cx.waker()));
    for second in [20, 10, 30] {
        watch.wake_by(at(second));
    }
    let _open = serving(Arc::clone(&watch), std::future::pending());
    look(at(9), false);
    assert!(!woken.is_woken() && !watch.has_rung());
    look(at(10), false);
    assert!(woken.is_woken() && watch.has_rung() && !watch.has_rung());
    assert_eq!(watched::count(), 1);
}

#[tokio::test]
async fn who_is_slow_with_a_request_may_be_told_and_is_ended_if_that_does_not_help() {
    look(at(1), false);
    let watch = Watch::new();
    let mut woken = tokio_test::task::spawn(());
    woken.enter(|cx, _unit| watch.wakes(cx.waker()));
    watch.arriving();
    let slow = serving(Arc::clone(&watch), std::future::pending());
    look(at(11), false);
    assert!(woken.is_woken() && watch.is_overdue());
    assert_eq!(watched::count(), 1);
    look(at(12), false);
    assert!(slow.await.unwrap_err().is_cancelled());
}
