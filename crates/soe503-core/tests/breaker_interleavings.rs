//! Every order in which two and three callers can use a half-open circuit.
//!
//! Each operation on a breaker is atomic (loom checks that: `breaker_loom.rs`), so what remains is
//! their order, and all orders can be tried: every way to weave the callers' programs together,
//! times every way in which their requests can end. Each step moves the clock by a millisecond and
//! the open time is two, so that circuits reopen, heal and trip again within a run.

mod breaker_support;

use std::collections::HashMap;

use breaker_support::*;
use soe503_core::breaker::{Breaker, BreakerConfig, BreakerSnapshot, Permit};
use soe503_core::{Outcome, Tick};

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Succeed,
    Fail,
    /// Given up before it was old.
    AbandonYoung,
    /// Given up when it was old.
    AbandonOld,
    Drop,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    End(End),
    /// The end of a request that was let in before the circuit opened.
    Late(End),
}

const ENDS: [End; 5] = [
    End::Succeed,
    End::Fail,
    End::AbandonYoung,
    End::AbandonOld,
    End::Drop,
];
const OLD: u64 = 500;

/// One run: the breaker, what the callers hold, and our own books about it.
struct Run {
    breaker: Breaker,
    probes: u32,
    now: u64,
    held: Vec<Option<Permit>>,
    late: Vec<Permit>,
    /// Places taken, by generation: given and not given back.
    taken: HashMap<u64, u32>,
    stale: u64,
}

impl Run {
    /// A circuit whose open time is over, with requests from before still out.
    fn new(callers: usize, probes: u32) -> Self {
        let config = BreakerConfig {
            consecutive_failures: Some(1),
            open_for: Tick::from_millis(2).since(Tick::ZERO),
            max_open_for: Tick::from_millis(2).since(Tick::ZERO),
            abandon_after: Some(Tick::from_millis(OLD).since(Tick::ZERO)),
            half_open_timeout: None,
            probes,
            ..plain()
        };
        let breaker = Breaker::try_new("woven", config, 1).unwrap();
        let late = (0..callers)
            .map(|_| breaker.admit(ms(0)).unwrap())
            .collect();
        let trip = breaker.admit(ms(0)).unwrap();
        assert!(trip.record(ms(0), Outcome::failure(REFUSED)).is_some());
        Self {
            breaker,
            probes,
            now: 2,
            held: (0..callers).map(|_| None).collect(),
            late,
            taken: HashMap::new(),
            stale: 0,
        }
    }

    fn step(&mut self, caller: usize, step: Step) {
        self.now += 1;
        match step {
            Step::Admit => self.admit(caller),
            Step::End(end) => {
                // A caller that was refused has nothing to end.
                if let Some(permit) = self.held[caller].take() {
                    self.end(permit, end);
                }
            }
            Step::Late(end) => {
                let permit = self.late.pop().expect("one for each caller");
                self.end(permit, end);
            }
        }
        self.check_places();
    }

    fn admit(&mut self, caller: usize) {
        match self.breaker.admit(ms(self.now)) {
            Ok(permit) => {
                if permit.is_probe() {
                    *self.taken.entry(permit.generation()).or_default() += 1;
                }
                self.held[caller] = Some(permit);
            }
            Err(refused) if refused.state == HalfOpen => {
                let generation = self.look().generation;
                assert_eq!(
                    self.taken[&generation], self.probes,
                    "refused with places left"
                );
            }
            Err(refused) => {
                let retry_at = refused.retry_at.expect("opened by rule");
                assert!(ms(self.now) < retry_at, "refused after its time");
            }
        }
    }

    fn end(&mut self, permit: Permit, end: End) {
        let before = self.look();
        let current = permit.generation() == before.generation;
        let probe = permit.is_probe();
        let generation = permit.generation();
        let young = permit
            .admitted_at()
            .after(std::time::Duration::from_millis(OLD - 1));
        let old = permit
            .admitted_at()
            .after(std::time::Duration::from_millis(OLD));
        let transition = match end {
            End::Succeed => permit.record(ms(self.now), Outcome::SUCCESS),
            End::Fail => permit.record(ms(self.now), Outcome::failure(REFUSED)),
            End::AbandonYoung => permit.abandon(young.min(ms(self.now))),
            End::AbandonOld => permit.abandon(old),
            End::Drop => {
                drop(permit);
                None
            }
        };
        let counts = matches!(end, End::Succeed | End::Fail | End::AbandonOld);
        if !counts && probe {
            *self.taken.get_mut(&generation).unwrap() -= 1;
        }
        if !current {
            self.stale += u64::from(counts);
            assert_eq!(transition, None, "a stale result changed the state");
            let mut expected = before;
            expected.stale = self.stale;
            assert_eq!(self.look(), expected, "a stale result changed something");
        } else if probe && !counts {
            assert_eq!(transition, None, "no result, no verdict");
        }
    }

    /// No more probes than places, and none lost.
    fn check_places(&self) {
        let seen = self.look();
        assert_eq!(seen.stale, self.stale);
        let held = self
            .held
            .iter()
            .flatten()
            .filter(|p| p.is_probe() && p.generation() == seen.generation)
            .count();
        assert_eq!(seen.probes_in_flight as usize, held, "a permit is lost");
        for (generation, taken) in &self.taken {
            assert!(*taken <= self.probes, "too many in generation {generation}");
        }
        if seen.state == HalfOpen {
            let taken = self.taken.get(&seen.generation).copied().unwrap_or(0);
            let known = seen.probes_in_flight + seen.probes_succeeded + seen.probes_failed;
            assert_eq!(known, taken, "the books differ");
            assert!(seen.probes_failed * 2 < self.probes, "overdue: open");
            assert!(
                seen.probes_succeeded + seen.probes_failed < self.probes,
                "overdue: closed"
            );
        }
    }

    /// From wherever the run has ended, good requests alone close the circuit.
    fn check_not_stuck(mut self) {
        for permit in self.held.iter_mut().filter_map(Option::take) {
            drop(permit);
        }
        let opened = self.look().retry_at.unwrap_or(Tick::ZERO);
        let mut now = opened.max(ms(self.now));
        for _ in 0..2 * self.probes {
            // What earlier probes left behind may reopen the circuit once more.
            if self.breaker.state() == Closed {
                break;
            }
            now = now.max(self.look().retry_at.unwrap_or(now));
            let permit = self.breaker.admit(now).expect("nothing is in flight");
            permit.record(now, Outcome::SUCCESS);
        }
        assert_eq!(self.breaker.state(), Closed, "stuck");
    }

    fn look(&self) -> BreakerSnapshot {
        self.breaker.snapshot(ms(self.now))
    }
}

/// Runs `programs` in every order; returns in how many.
fn weave(programs: &[Vec<Step>], probes: u32) -> usize {
    let mut order = Vec::new();
    let mut left: Vec<usize> = programs.iter().map(Vec::len).collect();
    weave_on(programs, probes, &mut left, &mut order)
}

fn weave_on(
    programs: &[Vec<Step>],
    probes: u32,
    left: &mut [usize],
    order: &mut Vec<usize>,
) -> usize {
    if left.iter().all(|&n| n == 0) {
        let mut run = Run::new(programs.len(), probes);
        let mut next = vec![0; programs.len()];
        for &caller in order.iter() {
            run.step(caller, programs[caller][next[caller]]);
            next[caller] += 1;
        }
        run.check_not_stuck();
        return 1;
    }
    let mut runs = 0;
    for caller in 0..left.len() {
        if left[caller] > 0 {
            left[caller] -= 1;
            order.push(caller);
            runs += weave_on(programs, probes, left, order);
            order.pop();
            left[caller] += 1;
        }
    }
    runs
}

/// Every sequence of `n` ends.
fn endings(n: usize) -> Vec<Vec<End>> {
    (0..n).fold(vec![Vec::new()], |all, _| {
        all.iter()
            .flat_map(|head| ENDS.map(|end| [head.clone(), vec![end]].concat()))
            .collect()
    })
}

#[test]
fn two_callers_with_two_requests_each() {
    let mut runs = 0;
    for probes in 1..=3 {
        for ends in endings(4) {
            let program = |ends: &[End]| -> Vec<Step> {
                ends.iter()
                    .flat_map(|&end| [Step::Admit, Step::End(end)])
                    .collect()
            };
            runs += weave(&[program(&ends[..2]), program(&ends[2..])], probes);
        }
    }
    assert_eq!(runs, 3 * 625 * 70);
}

#[test]
fn three_callers_with_one_request_each() {
    let mut runs = 0;
    for probes in 1..=3 {
        for ends in endings(3) {
            let programs: Vec<_> = ends
                .iter()
                .map(|&end| vec![Step::Admit, Step::End(end)])
                .collect();
            runs += weave(&programs, probes);
        }
    }
    assert_eq!(runs, 3 * 125 * 90);
}

#[test]
fn three_callers_one_of_them_with_late_results() {
    let mut runs = 0;
    for probes in 1..=2 {
        for ends in endings(4) {
            let programs = [
                vec![Step::Admit, Step::End(ends[0])],
                vec![Step::Admit, Step::End(ends[1])],
                vec![Step::Late(ends[2]), Step::Late(ends[3])],
            ];
            runs += weave(&programs, probes);
        }
    }
    assert_eq!(runs, 2 * 625 * 90);
}
