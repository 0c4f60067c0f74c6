//! Steps in the number of requests.

use super::history::History;
use crate::Tick;

/// Each of the last so many seconds is compared
const NOW: u64 = 5;
/// with so many before them.
const BEFORE: u64 = 30;
/// Fewer requests per second more or less are no step.
const LEAST: f64 = 20.0;

/// Watches the load of one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LoadWatch {
    looked: u64,
    told: u64,
}

impl LoadWatch {
    /// Looks at most once a second: says so if there are twice as many requests as
    /// before, or half as many.
    pub(super) fn look(&mut self, history: &History, now: Tick) -> Option<String> {
        let second = now.as_nanos() / 1_000_000_000;
        if second == self.looked {
            return None;
        }
        self.looked = second;
        // Until what came before is the new load.
        if second < self.told + NOW + BEFORE {
            return None;
        }
        let (mut lately, mut least, mut most) = (0, u64::MAX, 0);
        let (mut before, mut any) = (0, 0_u64);
        for (back, requests) in history.rates(now, NOW + BEFORE).enumerate() {
            match (back as u64) < NOW {
                true => {
                    lately += requests;
                    least = least.min(requests);
                    most = most.max(requests);
                }
                false => {
                    before += requests;
                    any += u64::from(requests > 0);
                }
            }
        }
        // A proxy that has just started has seen no step.
        if any < BEFORE / 2 {
            return None;
        }
        let lately = lately as f64 / NOW as f64;
        let before = before as f64 / any as f64;
        let step = least as f64 >= 2.0 * before || most as f64 <= before / 2.0;
        if !step || (lately - before).abs() < LEAST {
            return None;
        }
        self.told = second;
        let verb = if lately > before { "rose" } else { "fell" };
        Some(format!(
            "load {verb} from {before:.0} to {lately:.0} requests per second"
        ))
    }
}
