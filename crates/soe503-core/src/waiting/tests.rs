//! The room by itself.

use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;

use proptest::prelude::*;

use super::{Place, WaitingRoom};

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicU32);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

const FAST: Duration = Duration::from_millis(20);

fn is_called(place: &mut Place) -> bool {
    place.poll_called(Waker::noop()) == Poll::Ready(())
}

fn called(places: &mut [Place]) -> Vec<usize> {
    (0..places.len())
        .filter(|&n| is_called(&mut places[n]))
        .collect()
}

fn full_of(room: &WaitingRoom, count: usize) -> Vec<Place> {
    (0..count).map(|_| room.enter().unwrap()).collect()
}

#[test]
fn the_oldest_are_called_first() {
    let room = WaitingRoom::new(10);
    let mut places = full_of(&room, 4);
    room.call(2);
    assert_eq!(called(&mut places), [0, 1]);
    places[0].wait_again();
    places[1].wait_again();
    room.call(1);
    assert_eq!(called(&mut places), [0], "where it stood");
    room.call_all();
    assert_eq!(called(&mut places), [0, 1, 2, 3]);
    assert_eq!(room.waiting(), 0);
}

#[test]
fn whoever_is_called_is_woken_once() {
    let (room, counter) = (WaitingRoom::new(10), Arc::new(Counter::default()));
    let mut place = room.enter().unwrap();
    let waker = Waker::from(Arc::clone(&counter));
    assert_eq!(place.poll_called(&waker), Poll::Pending);
    assert_eq!(place.poll_called(&waker), Poll::Pending);
    room.call(5);
    room.call(5);
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    assert_eq!(place.poll_called(&waker), Poll::Ready(()));
}

#[test]
fn a_full_room_turns_away() {
    let room = WaitingRoom::new(2);
    let mut places = full_of(&room, 2);
    assert!(room.enter().is_none());
    drop(places.pop());
    assert!(room.enter().is_some(), "a place that is dropped is free");
    assert_eq!(room.snapshot().turned_away, 1);
    assert!(WaitingRoom::new(0).enter().is_none());
}

#[test]
fn a_call_is_not_lost_with_a_client_that_leaves() {
    let room = WaitingRoom::new(10);
    let mut places = full_of(&room, 3);
    room.call(1);
    // It does not even know yet that it was called.
    drop(places.remove(0));
    assert_eq!(called(&mut places), [0]);
    drop(places.remove(0));
    assert_eq!(called(&mut places), [0]);
}

#[test]
fn whoever_steps_out_by_itself_passes_nothing_on() {
    let room = WaitingRoom::new(10);
    let mut places = full_of(&room, 3);
    places[0].step_out();
    drop(places.remove(0));
    assert_eq!(called(&mut places), [0; 0]);
    // Unless it was called at the same time.
    room.call(1);
    places[0].step_out();
    drop(places.remove(0));
    assert_eq!(called(&mut places), [0]);
}

#[test]
fn the_pace_doubles_with_every_answer() {
    let room = WaitingRoom::new(5000);
    let mut places = full_of(&room, 1000);
    room.call(3);
    let mut pace = Vec::new();
    while !places.is_empty() {
        let mut under_way = Vec::new();
        for n in (0..places.len()).rev() {
            if is_called(&mut places[n]) {
                under_way.push(places.remove(n));
            }
        }
        pace.push(under_way.len());
        under_way.into_iter().for_each(|place| place.answered(FAST));
    }
    assert_eq!(pace, [3, 6, 12, 24, 48, 96, 192, 384, 235]);
    assert_eq!(room.snapshot().answered, 1000);
}

#[test]
fn answers_that_become_slow_call_fewer() {
    let room = WaitingRoom::new(100);
    let mut places = full_of(&room, 60);
    room.open(1);
    // After so many milliseconds, so many are called: the fastest so far has taken 20.
    for (took, expected) in [(20, 2), (50, 2), (51, 1), (90, 1), (91, 0), (20, 2)] {
        room.call(1);
        let n = places.iter_mut().position(is_called).unwrap();
        let before = room.waiting();
        places.remove(n).answered(Duration::from_millis(took));
        assert_eq!(before - room.waiting(), expected, "after {took} ms");
    }
}

#[test]
fn whoever_looks_starts_a_chain_that_has_ended() {
    let room = WaitingRoom::new(10);
    let mut places = full_of(&room, 3);
    places[2].look();
    assert_eq!(called(&mut places), [0], "the oldest");
    places[1].look();
    assert_eq!(called(&mut places), [0], "one was called since");
    places[1].look();
    assert_eq!(called(&mut places), [0, 1]);
}

/// What somebody who waits, or the circuit, does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Enter,
    Call(u32),
    CallAll,
    Look(usize),
    Out(usize),
    Again(usize),
    Answered(usize),
    Leave(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Enter),
        2 => (0_u32..4).prop_map(Step::Call),
        1 => Just(Step::CallAll),
        4 => any::<usize>().prop_map(Step::Look),
        1 => any::<usize>().prop_map(Step::Out),
        2 => any::<usize>().prop_map(Step::Again),
        2 => any::<usize>().prop_map(Step::Answered),
        2 => any::<usize>().prop_map(Step::Leave),
    ]
}

proptest! {
    /// Whatever happens: a new one only comes in while there is room, a place is either in the room or
    /// has been called, and when all have left nobody is in it.
    #[test]
    fn nothing_is_lost(steps in prop::collection::vec(any_step(), 1..200)) {
        let room = WaitingRoom::new(8);
        let mut places: Vec<Place> = Vec::new();
        for step in steps {
            let at = |n: usize, places: &[Place]| (!places.is_empty()).then(|| n % places.len());
            match step {
                Step::Enter => {
                    let place = room.enter();
                    prop_assert_eq!(place.is_some(), places.len() < 8);
                    places.extend(place);
                }
                Step::Call(count) => {
                    let before = room.waiting();
                    room.call(count);
                    prop_assert_eq!(room.waiting(), before.saturating_sub(count));
                }
                Step::CallAll => room.call_all(),
                Step::Look(n) => {
                    if let Some(n) = at(n, &places) {
                        is_called(&mut places[n]);
                    }
                }
                Step::Out(n) => {
                    if let Some(n) = at(n, &places) {
                        places[n].step_out();
                        prop_assert!(is_called(&mut places[n]));
                    }
                }
                Step::Again(n) => {
                    if let Some(n) = at(n, &places)
                        && is_called(&mut places[n])
                    {
                        places[n].wait_again();
                        prop_assert!(!is_called(&mut places[n]));
                    }
                }
                Step::Answered(n) => {
                    if let Some(n) = at(n, &places)
                        && is_called(&mut places[n])
                    {
                        let before = room.waiting();
                        places.remove(n).answered(FAST);
                        prop_assert_eq!(room.waiting(), before.saturating_sub(2));
                    }
                }
                Step::Leave(n) => {
                    if let Some(n) = at(n, &places) {
                        drop(places.remove(n));
                    }
                }
            }
            let waiting = places.iter_mut().filter_map(|p| (!is_called(p)).then_some(())).count();
            prop_assert_eq!(room.waiting() as usize, waiting);
        }
        drop(places);
        prop_assert_eq!(room.waiting(), 0);
    }
}

#[test]
fn who_came_in_was_answered_or_is_still_here_or_waited_in_vain() {
    let room = WaitingRoom::new(3);
    let in_vain = || room.snapshot().in_vain();
    let mut places = full_of(&room, 3);
    assert_eq!(in_vain(), 0, "all are still here");
    room.call(1);
    assert!(is_called(&mut places[0]));
    places.remove(0).answered(FAST);
    assert_eq!(in_vain(), 0);
    drop(places);
    assert_eq!(in_vain(), 2);
}
