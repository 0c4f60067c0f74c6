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

#[cfg(test)]
mod tests {
    use super::super::Counted;
    use super::*;

    fn count(history: &mut History, second: u64, requests: u64) {
        let counted = Counted {
            requests,
            ..Counted::default()
        };
        history.count(&counted, &[], Tick::from_secs(second));
    }

    /// `before` per second in each of thirty seconds, and then these five.
    fn said(before: u64, lately: [u64; 5]) -> Option<String> {
        let mut history = History::default();
        (65..95).for_each(|second| count(&mut history, second, before));
        (95..)
            .zip(lately)
            .for_each(|(s, n)| count(&mut history, s, n));
        // What has come of this second so far is not looked at.
        count(&mut history, 100, 9_999);
        LoadWatch::default().look(&history, Tick::from_secs(100))
    }

    #[test]
    fn twice_as_many_in_each_of_five_seconds_are_a_step_and_half_as_many() {
        let text = |from, to| Some(format!("load {from} to {to} requests per second"));
        for (before, lately, told) in [
            (100, [200; 5], text("rose from 100", "200")),
            (100, [199; 5], None),
            (100, [300, 300, 199, 300, 300], None),
            (100, [200, 200, 200, 200, 300], text("rose from 100", "220")),
            (100, [50; 5], text("fell from 100", "50")),
            (100, [51; 5], None),
            (100, [0, 0, 51, 0, 0], None),
            // Twenty more per second are a step, fewer are none.
            (20, [40; 5], text("rose from 20", "40")),
            (19, [38; 5], None),
            (40, [20; 5], text("fell from 40", "20")),
            (38, [19; 5], None),
        ] {
            assert_eq!(said(before, lately), told, "{before}, then {lately:?}");
        }
    }

    #[test]
    fn who_has_just_started_has_seen_no_step() {
        for (busy, told) in [(14, false), (15, true)] {
            let mut history = History::default();
            (95 - busy..95).for_each(|second| count(&mut history, second, 100));
            (95..100).for_each(|second| count(&mut history, second, 300));
            let said = LoadWatch::default().look(&history, Tick::from_secs(100));
            let text = "load rose from 100 to 300 requests per second";
            assert_eq!(said.as_deref(), told.then_some(text), "{busy} busy seconds");
        }
    }

    /// What was half a minute earlier is not what it is compared with.
    #[test]
    fn the_load_before_is_that_of_thirty_seconds() {
        let mut history = History::default();
        (45..65).for_each(|second| count(&mut history, second, 900));
        (65..95).for_each(|second| count(&mut history, second, 100));
        (95..100).for_each(|second| count(&mut history, second, 200));
        let said = LoadWatch::default().look(&history, Tick::from_secs(100));
        let text = "load rose from 100 to 200 requests per second";
        assert_eq!(said.as_deref(), Some(text));
    }

    /// The next step is one beside the load that is usual by then, 35 seconds later.
    #[test]
    fn a_step_is_told_once() {
        let mut history = History::default();
        let mut watch = LoadWatch::default();
        let mut told = Vec::new();
        for second in 60..200 {
            let requests = match second {
                ..100 => 100,
                100..120 => 400,
                _ => 100,
            };
            count(&mut history, second, requests);
            for _ in 0..4 {
                if watch.look(&history, Tick::from_secs(second)).is_some() {
                    told.push(second);
                }
            }
        }
        assert_eq!(told, [105, 140], "its end came while it was still new");
    }
}
