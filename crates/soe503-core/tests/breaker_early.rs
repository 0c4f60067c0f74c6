//! Early probes of an open circuit, and what waiting at it has to expect.

mod breaker_support;

use std::task::{Poll, Waker};
use std::time::Duration;

use breaker_support::*;
use proptest::prelude::*;
use soe503_core::breaker::{Breaker, BreakerConfig, CircuitOpen, Permit, TransitionReason};
use soe503_core::waiting::Place;
use soe503_core::{Cause, Outcome, Ratio, Tick};

const BUSY: Cause = Cause::OverloadUpstreamShedding;

fn config() -> BreakerConfig {
    BreakerConfig {
        jitter: Ratio::ZERO,
        ..BreakerConfig::default()
    }
}

/// A circuit that five failures for `cause` have opened, in front of `backends`.
fn opened(config: BreakerConfig, cause: Cause, backends: usize) -> Breaker {
    let breaker = Breaker::try_new("app", config, 1).unwrap();
    breaker.set_backends(backends);
    for _ in 0..5 {
        let permit = breaker.admit(ms(0)).unwrap();
        permit.record(ms(0), Outcome::failure(cause));
    }
    assert_eq!(breaker.state(), Open);
    breaker
}

/// A request every millisecond from `from` on, until one is let through.
fn next_probe(breaker: &Breaker, from: u64) -> (u64, Permit) {
    (from..from + 10_000)
        .find_map(|t| Some((t, breaker.admit(ms(t)).ok()?)))
        .expect("one is let through")
}

fn refused(breaker: &Breaker, at: u64) -> CircuitOpen {
    breaker.admit(ms(at)).expect_err("refused")
}

#[test]
fn a_service_that_is_back_is_found_soon() {
    let breaker = opened(config(), TIMEOUT, 3);
    let mut now = 1;
    for expected in [30, 60, 90] {
        let (at, probe) = next_probe(&breaker, now);
        assert_eq!((at, probe.is_probe()), (expected, true));
        assert_eq!(probe.record(ms(at), Outcome::failure(BUSY)), None);
        assert_eq!(breaker.snapshot(ms(at)).generation, 1, "no change of state");
        now = at + 1;
    }
    let seen = breaker.snapshot(ms(now));
    let trip = seen.trip.unwrap();
    assert_eq!((trip.root, trip.opened_by), (Some(BUSY), Some(TIMEOUT)));
    assert_eq!(trip.last_probe.unwrap().at, ms(90));
    assert_eq!(trip.reopened, 0, "the open time does not grow by it");
    let (at, probe) = next_probe(&breaker, now);
    let transition = probe.record(ms(at), Outcome::SUCCESS).unwrap();
    assert_eq!(
        (at, transition.why),
        (120, TransitionReason::EarlyProbeSucceeded)
    );
    // One success of three; two more close it.
    for _ in 0..2 {
        assert_eq!(breaker.state(), HalfOpen);
        let permit = breaker.admit(ms(at)).unwrap();
        permit.record(ms(at), Outcome::SUCCESS);
    }
    assert_eq!(breaker.state(), Closed);
}

#[test]
fn one_success_is_enough_where_one_probe_is() {
    let breaker = opened(
        BreakerConfig {
            probes: 1,
            ..config()
        },
        TIMEOUT,
        1,
    );
    let (at, probe) = next_probe(&breaker, 1);
    let transition = probe.record(ms(at), Outcome::SUCCESS).unwrap();
    assert_eq!((transition.from, transition.to), (HalfOpen, Closed));
    assert_eq!(breaker.snapshot(ms(at)).generation, 3);
}

#[test]
fn asking_first_takes_no_place() {
    let breaker = opened(config(), TIMEOUT, 3);
    for t in 1..2000 {
        for _ in 0..3 {
            let would = breaker.would_admit(ms(t));
            assert_eq!(would, breaker.would_admit(ms(t)));
            let admitted = breaker.admit(ms(t));
            assert_eq!(admitted.is_ok(), would, "at {t}");
            admitted
                .map(|p| p.record(ms(t), Outcome::failure(TIMEOUT)))
                .ok();
        }
    }
}

#[test]
fn requests_that_may_run_twice_are_preferred() {
    let breaker = opened(config(), TIMEOUT, 3);
    // One in ten may not, and comes first.
    let mut unsafe_probes = 0;
    for t in 1..2000 {
        let repeatable = t % 10 != 0;
        if let Ok(permit) = breaker.admit_as(ms(t), repeatable) {
            unsafe_probes += u32::from(!repeatable);
            permit.record(ms(t), Outcome::failure(TIMEOUT));
        }
    }
    assert_eq!(unsafe_probes, 0);
    // But if nobody else comes, it has to be one of them.
    assert!((2000..2100).any(|t| breaker.admit_as(ms(t), false).is_ok()));
}

#[test]
fn without_traffic_the_open_time_counts() {
    let breaker = opened(config(), TIMEOUT, 3);
    for t in [100, 300, 500, 700, 999] {
        refused(&breaker, t);
    }
    assert!(breaker.admit(ms(1000)).unwrap().is_probe());
    assert_eq!(breaker.state(), HalfOpen);
}

#[test]
fn where_early_probes_go_the_open_time_does_not_end() {
    let breaker = opened(config(), TIMEOUT, 3);
    let mut probes = 0;
    for t in 1..20_000 {
        if let Ok(probe) = breaker.admit(ms(t)) {
            probes += 1;
            probe.record(ms(t), Outcome::failure(TIMEOUT));
        }
        assert_eq!(breaker.state(), Open);
        let retry_at = breaker.snapshot(ms(t)).retry_at.unwrap();
        assert!(ms(t) < retry_at && retry_at <= ms(t + 1000));
    }
    assert_eq!(probes, 666);
}

#[test]
fn probes_of_an_opening_that_is_over_are_late() {
    let breaker = opened(config(), TIMEOUT, 3);
    let (_, first) = next_probe(&breaker, 1);
    let (at, second) = next_probe(&breaker, 31);
    assert_eq!(breaker.snapshot(ms(at)).probes_in_flight, 2);
    second.record(ms(at), Outcome::SUCCESS);
    assert_eq!(first.record(ms(at), Outcome::failure(TIMEOUT)), None);
    let seen = breaker.snapshot(ms(at));
    assert_eq!(
        (seen.state, seen.stale, seen.probes_in_flight),
        (HalfOpen, 1, 0)
    );
}

#[test]
fn who_may_wait_and_until_when() {
    let until = Some(ms(5000));
    let rows = [(TIMEOUT, 3, until), (REFUSED, 3, None), (REFUSED, 1, until)];
    for (cause, backends, expected) in rows {
        let breaker = opened(config(), cause, backends);
        assert_eq!(refused(&breaker, 1).wait_until, expected);
        // After that time, nobody; neither when an operator has opened it.
        for t in 2..5000 {
            if let Ok(permit) = breaker.admit(ms(t)) {
                permit.record(ms(t), Outcome::failure(cause));
            }
        }
        assert_eq!(refused(&breaker, 5000).wait_until, None);
        breaker.force_open(ms(10), "drill");
        assert_eq!(refused(&breaker, 11).wait_until, None);
    }
}

/// When nobody waits for the end of it any more: whoever comes hears what the next probes found, where they are
/// answered, and is told so at once where they are not.
#[test]
fn a_refusal_is_put_off_where_probes_are_answered() {
    for (cause, lingers) in [(BUSY, true), (TIMEOUT, false), (REFUSED, false)] {
        let breaker = opened(config(), cause, 3);
        let mut probed = 0;
        for t in 1..=6_000 {
            if let Ok(permit) = breaker.admit(ms(t)) {
                permit.record(ms(t), Outcome::failure(cause));
                probed = t;
            }
        }
        let open = refused(&breaker, 6_001);
        assert_eq!(open.wait_until, None);
        assert_eq!(open.linger > Duration::ZERO, lingers, "{cause}");
        assert!(open.linger <= Duration::from_millis(200), "{cause}");
        // Before any has come back there is no news to wait for.
        assert!(probed > 5_900, "{cause}: {probed}");
        let silent = opened(config(), cause, 3);
        assert_eq!(refused(&silent, 1).linger, Duration::ZERO, "{cause}");
    }
}

#[test]
fn while_probes_succeed_everybody_may_wait() {
    let breaker = opened(config(), REFUSED, 3);
    let (at, probe) = next_probe(&breaker, 1);
    assert_eq!(refused(&breaker, at).wait_until, None, "dead so far");
    probe.record(ms(at), Outcome::SUCCESS);
    let _held = [(); 2].map(|()| breaker.admit(ms(at)).unwrap());
    assert!(refused(&breaker, at).wait_until > Some(ms(at)));
}

fn is_called(place: &mut Place) -> bool {
    place.poll_called(Waker::noop()) == Poll::Ready(())
}

fn called(places: &mut [Place]) -> usize {
    places
        .iter_mut()
        .filter_map(|p| is_called(p).then_some(()))
        .count()
}

#[test]
fn those_who_wait_are_called_when_it_lets_through_again() {
    let breaker = opened(config(), TIMEOUT, 3);
    let mut places: Vec<_> = (0..20)
        .map(|_| breaker.waiting_room().enter().unwrap())
        .collect();
    let (at, probe) = next_probe(&breaker, 1);
    assert_eq!(called(&mut places), 0);
    probe.record(ms(at), Outcome::SUCCESS);
    assert_eq!(called(&mut places), 2, "as many as there are places");
    for _ in 0..2 {
        breaker
            .admit(ms(at))
            .unwrap()
            .record(ms(at), Outcome::SUCCESS);
    }
    assert_eq!(called(&mut places), 5, "and as many as had to prove it");
}

#[test]
fn those_who_wait_in_vain_are_told() {
    let wait = |breaker: &Breaker| -> Vec<_> {
        (0..20)
            .map(|_| breaker.waiting_room().enter().unwrap())
            .collect()
    };
    let broken = opened(config(), TIMEOUT, 3);
    let mut places = wait(&broken);
    let (at, probe) = next_probe(&broken, 1);
    probe.record(ms(at), Outcome::failure(REFUSED));
    assert_eq!(called(&mut places), 20, "a probe finds that all are gone");
    let forced = opened(config(), TIMEOUT, 3);
    let mut places = wait(&forced);
    forced.force_open(ms(1), "drill");
    assert_eq!(called(&mut places), 20, "an operator");
    let reset = opened(config(), TIMEOUT, 3);
    let mut places = wait(&reset);
    reset.reset(ms(1));
    assert_eq!(called(&mut places), 3, "closed: not all at once");
}

proptest! {
    /// However probes of an open circuit end: they are a small share, they are all accounted for, and a
    /// service that works from some time on gets its traffic back.
    #[test]
    fn it_always_recovers(
        gaps in prop::collection::vec(0_u64..60, 50..400),
        ends in prop::collection::vec(0_u8..5, 400),
    ) {
        let breaker = opened(config(), TIMEOUT, 3);
        let (mut now, mut held, mut let_in) = (0, Vec::new(), 0);
        for (n, gap) in gaps.iter().enumerate() {
            now += gap;
            if let Ok(permit) = breaker.admit(ms(now)) {
                let_in += 1;
                match ends[n] {
                    0 => drop(permit),
                    1 => drop(permit.abandon(ms(now))),
                    2 => held.push(permit),
                    _ => drop(permit.record(ms(now), Outcome::failure(TIMEOUT))),
                }
            }
            prop_assert_ne!(breaker.state(), Closed);
            let out = held.iter().filter(|p: &&Permit| p.generation() == breaker.generation());
            prop_assert_eq!(breaker.snapshot(ms(now)).probes_in_flight as usize, out.count());
        }
        // Every one that came back without a result may be followed by another at once.
        let dropped = ends.iter().take(gaps.len()).filter(|end| **end < 2).count();
        let by_time = (now / 1000 + 1) * 3;
        prop_assert!(let_in as u64 <= gaps.len() as u64 / 16 + dropped as u64 + by_time);
        drop(held);
        for _ in 0..60 {
            now += 100;
            if let Ok(permit) = breaker.admit(Tick::from_millis(now)) {
                permit.record(Tick::from_millis(now).after(Duration::from_millis(1)), Outcome::SUCCESS);
            }
        }
        prop_assert_eq!(breaker.state(), Closed);
    }
}

/// Until the time for riding out is over, requests may wait; then, or by an operator's word, they are turned away.
#[test]
fn who_may_not_wait_is_turned_away() {
    let breaker = Breaker::new("app", BreakerConfig::default(), 1);
    assert!(!breaker.turns_away(Tick::ZERO));
    for n in 0..5 {
        let at = Tick::from_millis(n);
        let permit = breaker.admit(at).unwrap();
        permit.record(at, Outcome::failure(Cause::DependencyResponseTimeout));
    }
    let over = Tick::from_millis(4).after(breaker.config().ride_out);
    assert!(!breaker.turns_away(Tick::from_millis(5)));
    assert!(breaker.turns_away(over));
    breaker.reset(over);
    assert!(!breaker.turns_away(over));
    breaker.force_open(over, "drill");
    assert!(breaker.turns_away(over));
}

/// A circuit on probation has an end that is near only where one has succeeded, and where anybody may wait at all.
#[test]
fn on_probation_it_is_waited_for_what_is_back() {
    let late = Duration::from_secs(60);
    for (ride_out, succeeded, turned_away) in [
        (BreakerConfig::default().ride_out, false, true),
        (BreakerConfig::default().ride_out, true, false),
        (Duration::ZERO, true, true),
        (Duration::ZERO, false, true),
    ] {
        let config = BreakerConfig {
            ride_out,
            probes: 3,
            probe_interval: None,
            half_open_timeout: None,
            ..config()
        };
        let breaker = opened(config, TIMEOUT, 3);
        let after = ms(0).after(late);
        let mut probes = [(); 3].map(|()| Some(breaker.admit(after).unwrap()));
        if succeeded {
            let probe = probes[0].take().unwrap();
            probe.record(after, Outcome::SUCCESS);
        }
        assert_eq!(breaker.state(), HalfOpen);
        assert_eq!(
            breaker.turns_away(after),
            turned_away,
            "{ride_out:?}, {succeeded}"
        );
    }
}
