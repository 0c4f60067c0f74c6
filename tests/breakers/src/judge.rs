//! What becomes of a case in each breaker.

use std::thread;
use std::time::{Duration, Instant};

use crate::model::{self, Miss, Model};
use crate::rivals::{Failsafe, Rival, Rows, TowerCircuitBreaker, TowerResilience, inexpressible};
use crate::rows::{self, Case, EXACT, UNTIMED};
use crate::soe503::Soe503;

/// Whose breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This project's.
    Soe503,
    /// tower-resilience-circuitbreaker's.
    TowerResilience,
    /// tower-circuitbreaker's.
    TowerCircuitBreaker,
    /// failsafe's.
    Failsafe,
}

/// All of them, ours first.
pub const ALL: [Whose; 4] = [
    Whose::Soe503,
    Whose::TowerResilience,
    Whose::TowerCircuitBreaker,
    Whose::Failsafe,
];

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every row went as it should.
    Passes,
    /// This one did not.
    Fails(Miss),
    /// It cannot be set so.
    CannotBeSet(&'static str),
    /// It reads a clock that nobody can set, and the case is about the exact moment.
    ReadsItsOwnClock,
}

/// All cases, and what became of each in each breaker, in the order of [`ALL`].
pub fn all() -> Vec<(Case, [Verdict; 4])> {
    let cases = rows::all();
    let whose = |case: Case| ALL.map(|whose| (whose, case.clone()));
    let runs: Vec<_> = cases
        .iter()
        .cloned()
        .map(|case| whose(case).map(|(whose, case)| thread::spawn(move || judge(whose, &case))))
        .collect();
    let verdicts = runs
        .into_iter()
        .map(|runs| runs.map(|run| run.join().expect("a verdict")));
    cases.into_iter().zip(verdicts).collect()
}

/// What becomes of `case` in this breaker.
///
/// # Panics
/// If the machine is so busy that a clock could not be kept in three trials.
pub fn judge(whose: Whose, case: &Case) -> Verdict {
    if whose == Whose::Soe503 {
        let ran = model::run(case, &mut Soe503::new(&case.rules), |_| {});
        return ran.map_or_else(Verdict::Fails, |()| Verdict::Passes);
    }
    if let Some(why) = inexpressible(&case.rules, case.rows.iter().map(|row| row.1)) {
        return Verdict::CannotBeSet(why);
    }
    let verdict = [80, 300, 1200].iter().find_map(|&real| {
        let case_ms = match case.late_ms {
            UNTIMED => real,
            EXACT => 1,
            late => late,
        };
        let scale = real as f64 / case_ms as f64;
        match whose {
            Whose::TowerResilience => try_it(case, scale, TowerResilience::new),
            Whose::TowerCircuitBreaker => try_it(case, scale, TowerCircuitBreaker::new),
            _ => try_it(case, Failsafe::scale(&case.rules, scale), Failsafe::new),
        }
    });
    verdict.expect("a machine that keeps time")
}

/// One run on the real clock, `scale` times as slow as the case. `None`: it was late, and says nothing.
fn try_it<R: Rival>(
    case: &Case,
    scale: f64,
    new: fn(&rows::Rules, f64) -> Result<R, &'static str>,
) -> Option<Verdict> {
    let rival = match new(&case.rules, scale) {
        Ok(rival) => rival,
        Err(why) => return Some(Verdict::CannotBeSet(why)),
    };
    if case.late_ms == EXACT {
        return Some(Verdict::ReadsItsOwnClock);
    }
    let began = now();
    let mut slept = Duration::ZERO;
    let mut model: Box<dyn Model> = Box::new(Rows::new(rival));
    let ran = model::run(case, &mut *model, |ms| {
        let pause = Duration::from_secs_f64(ms as f64 / 1000.0 * scale);
        sleep(pause);
        slept += pause;
    });
    let late = (now() - began).saturating_sub(slept);
    let may_be = match case.late_ms {
        UNTIMED => 400.0,
        ms => ms as f64 * scale,
    };
    (late.as_secs_f64() * 1000.0 < may_be)
        .then(|| ran.map_or_else(Verdict::Fails, |()| Verdict::Passes))
}

#[allow(clippy::disallowed_methods, reason = "the clock that they read")]
fn now() -> Instant {
    Instant::now()
}

#[allow(
    clippy::disallowed_methods,
    reason = "nothing else makes their clock go on"
)]
fn sleep(time: Duration) {
    thread::sleep(time);
}
