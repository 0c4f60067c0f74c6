//! R10: our own processor time.

use core::time::Duration;
use std::collections::VecDeque;

use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::Grade;

/// One second of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnSecond {
    /// Which: whole seconds since the clock's epoch.
    pub at: u64,
    /// How late our own timers were, at most.
    pub lag: Duration,
    /// Periods of our control group's quota; 0: there is none, or it is not known.
    pub periods: u32,
    /// Of them, those in which we were stopped.
    pub throttled: u32,
    /// The share of the second in which somebody on this machine waited for a processor. `None`: the kernel
    /// does not say.
    pub pressure: Option<f64>,
    /// Requests were under way.
    pub busy: bool,
}

/// The last seconds of this process.
#[derive(Clone, Debug, Default)]
pub struct Own {
    seconds: VecDeque<OwnSecond>,
}

/// Timers that are later than this are late.
const LATE: Duration = Duration::from_millis(50);
/// Stopped in this part of the periods.
const THROTTLED: f64 = 0.25;
const PRESSURE: f64 = 0.4;
/// Without a quota the machine's pressure is all there is, which is about everybody: timers must be later.
const STARVED: Duration = Duration::from_millis(100);
/// How long a second speaks for those after it: what it held up fails later.
const MEMORY: u64 = 3;

// === impl Own ===

impl Own {
    /// A second that has passed.
    pub fn push(&mut self, second: OwnSecond) {
        self.seconds.push_back(second);
        while self
            .seconds
            .front()
            .is_some_and(|s| s.at + MEMORY <= second.at)
        {
            self.seconds.pop_front();
        }
    }

    /// In one of the last seconds our timers were late, and there is a reason for it that is ours: then
    /// late answers say nothing about backends.
    ///
    /// Being throttled without being late is having threads to spare; a busy machine is nothing to a
    /// proxy without requests.
    pub fn finding(&self) -> Option<Finding> {
        let late = self.seconds.iter().filter(|s| s.lag > LATE && s.busy);
        late.filter_map(judge).next_back()
    }
}

fn judge(second: &OwnSecond) -> Option<Finding> {
    let throttled =
        second.periods > 0 && f64::from(second.throttled) >= f64::from(second.periods) * THROTTLED;
    let lag = second.lag;
    let (grade, fact) = match second.pressure {
        _ if throttled => (
            Grade::Proven,
            Fact::Throttled {
                throttled: second.throttled,
                periods: second.periods,
                lag,
            },
        ),
        Some(pressure) if pressure >= PRESSURE && second.throttled == 0 && lag > STARVED => {
            (Grade::Inferred, Fact::Starved { pressure, lag })
        }
        _ => return None,
    };
    let mut finding = Finding::new(Cause::ResourceCpuThrottled, grade);
    finding.facts.push(fact);
    Some(finding)
}
