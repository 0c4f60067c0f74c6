//! Whether trying again is any use: not while most attempts fail.
//!
//! A retry is worth its load where the next attempt probably succeeds. Where one backend fails and the others
//! do not, it does; where most of what is sent fails, it mostly does not, and a pool in that state is helped by less
//! work, not by more. A circuit that opens says so for whole outages; this switch is for those that are less than that:
//! half of the answers are errors, and enough good ones lie between that no circuit opens.

use core::fmt;

use crate::{Ratio, Tick};

/// Turns retries off while most attempts fail. Pure: it is told the time and the counts, about once a second.
///
/// It goes over when, of at least 20 attempts in the last five turns, fewer than the given share was
/// answered well, and so were those of the last turn. It goes back when a turn was better, or when hardly anything
/// was sent: what first attempts are worth shows without a retry. While the pool's circuit is not closed nothing is
/// decided: attempts are probes then.
#[derive(Clone, Debug, Default)]
pub struct KillSwitch {
    /// When the counts were last looked at, and what they were.
    looked: Option<(Tick, Tried)>,
    turns: [Tried; TURNS],
    next: usize,
    on: Option<Share>,
}

/// What a pool has tried, ever. Both only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Attempts of requests that are over, and retries.
    pub attempts: u64,
    /// Requests that were answered well.
    pub good: u64,
}

/// How many were how good: what it went over for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Attempts.
    pub of: u64,
    /// Those that were answered well.
    pub good: u64,
}

const TURNS: usize = 5;
/// Fewer attempts say nothing.
const FEW: u64 = 20;
/// Longer turns were no turns: the machine was stopped.
const LONGEST_TURN: u64 = 10;

// === impl KillSwitch ===

impl KillSwitch {
    /// Takes in what was counted by `now`. Whether retries are off from here on, if that has changed.
    ///
    /// `below`: the share of good answers under which they are; zero: they never are. `closed`: the pool's circuit is.
    pub fn turn(&mut self, now: Tick, tried: Tried, below: Ratio, closed: bool) -> Option<bool> {
        let before = self.on.is_some();
        let (at, known) = self.looked.replace((now, tried))?;
        if !closed || now.since(at).as_secs() >= LONGEST_TURN || below == Ratio::ZERO {
            (self.turns, self.on) = ([Tried::default(); TURNS], None);
            return before.then_some(false);
        }
        let last = Tried {
            attempts: tried.attempts.saturating_sub(known.attempts),
            good: tried.good.saturating_sub(known.good),
        };
        self.turns[self.next] = last;
        self.next = (self.next + 1) % TURNS;
        let sum = self.turns.iter().fold(Tried::default(), |sum, turn| Tried {
            attempts: sum.attempts + turn.attempts,
            good: sum.good + turn.good,
        });
        let bad = |tried: Tried| tried.good < below.of(tried.attempts);
        if before {
            if !bad(last) {
                self.on = None;
            }
        } else if sum.attempts >= FEW && bad(sum) && bad(last) {
            self.on = Some(Share {
                of: sum.attempts,
                good: sum.good,
            });
        }
        let now_on = self.on.is_some();
        (now_on != before).then_some(now_on)
    }

    /// What it went over for; `None`: it has not, retries are made.
    pub const fn on(&self) -> Option<Share> {
        self.on
    }
}

// === impl Share ===

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, good } = self;
        write!(f, "{good} of the last {of} attempts were answered well")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Ratio = Ratio::percent(50);

    /// A switch and what it was told so far.
    struct Told {
        switch: KillSwitch,
        now: u64,
        tried: Tried,
    }

    impl Told {
        fn new() -> Self {
            let mut told = Self {
                switch: KillSwitch::default(),
                now: 0,
                tried: Tried::default(),
            };
            told.second(0, 0, true);
            told
        }

        fn second(&mut self, attempts: u64, good: u64, closed: bool) -> Option<bool> {
            self.now += 1;
            self.tried.attempts += attempts;
            self.tried.good += good;
            let now = Tick::from_secs(self.now);
            self.switch.turn(now, self.tried, HALF, closed)
        }

        fn seconds(&mut self, rows: &[(u64, u64)]) -> Vec<Option<bool>> {
            let of = |&(attempts, good): &(u64, u64)| self.second(attempts, good, true);
            rows.iter().map(of).collect()
        }
    }

    #[test]
    fn over_when_most_fail_and_back_when_they_do_not() {
        let mut told = Told::new();
        let found = told.seconds(&[(100, 100), (100, 60), (100, 30), (100, 10), (100, 5)]);
        assert_eq!(found, [None, None, None, None, Some(true)]);
        let share = told.switch.on().unwrap();
        assert_eq!(share, Share { of: 500, good: 205 });
        let words = "205 of the last 500 attempts were answered well";
        assert_eq!(share.to_string(), words);
        let found = told.seconds(&[(100, 49), (100, 50), (100, 0)]);
        assert_eq!(
            found,
            [None, Some(false), Some(true)],
            "the window remembers"
        );
    }

    #[test]
    fn one_of_three_that_fails_is_what_retries_are_for() {
        let mut told = Told::new();
        assert_eq!(told.seconds(&[(150, 100); 20]), [None; 20]);
        assert!(told.switch.on().is_none());
    }

    #[test]
    fn a_moment_is_not_most_of_the_time() {
        let mut told = Told::new();
        let found = told.seconds(&[(100, 99), (100, 99), (100, 98), (100, 2), (100, 98)]);
        assert_eq!(found, [None; 5]);
    }

    #[test]
    fn not_when_it_has_just_become_better() {
        let mut told = Told::new();
        let found = told.seconds(&[(19, 0), (10, 6), (10, 3)]);
        assert_eq!(found, [None, None, Some(true)]);
    }

    #[test]
    fn few_attempts_say_nothing_and_none_turn_it_off() {
        let mut told = Told::new();
        assert_eq!(told.seconds(&[(3, 0); 6]), [None; 6]);
        assert_eq!(told.seconds(&[(30, 0)]), [Some(true)]);
        assert_eq!(told.seconds(&[(1, 0)]), [Some(false)]);
    }

    #[test]
    fn not_while_the_circuit_decides_and_not_over_a_pause() {
        let mut told = Told::new();
        told.seconds(&[(50, 0)]);
        assert!(told.switch.on().is_some());
        assert_eq!(told.second(50, 0, false), Some(false));
        assert_eq!(told.second(50, 0, false), None);
        told.seconds(&[(50, 0)]);
        told.now += LONGEST_TURN;
        assert_eq!(told.second(50, 0, true), Some(false));
    }

    #[test]
    fn zero_turns_the_switch_off() {
        let mut told = Told::new();
        told.seconds(&[(50, 0)]);
        let off = told
            .switch
            .turn(Tick::from_secs(3), told.tried, Ratio::ZERO, true);
        assert_eq!(off, Some(false));
    }
}
