//! What was told last, and by how much it has grown.

use std::collections::HashMap;

use crate::state::DurationsSnapshot;

/// What the server knows of all counters and histograms, by series.
///
/// A series that is gone is forgotten: should it come back, it counts from zero. Those of the process itself have no labels; they
/// count on, even if they could not be read for a while.
#[derive(Debug, Default)]
pub(super) struct Told {
    counters: HashMap<Box<str>, Seen<u64>>,
    histograms: HashMap<Box<str>, Seen<DurationsSnapshot>>,
    round: u64,
    /// What is met for the first time in this round was counted before anybody was to be told.
    noting: bool,
}

#[derive(Debug)]
struct Seen<T> {
    told: T,
    /// The round in which it was last there.
    round: u64,
    /// It is never forgotten.
    lasting: bool,
}

// === impl Told ===

impl Told {
    /// Begins a round. With `noting`, what was never seen before is only taken note of.
    pub(super) fn begin(&mut self, noting: bool) {
        self.round += 1;
        self.noting = noting;
    }

    /// By how much the counter `series` has grown. One that went back began anew.
    pub(super) fn count(&mut self, series: &str, lasting: bool, now: u64) -> u64 {
        let (round, noting) = (self.round, self.noting);
        match self.counters.get_mut(series) {
            Some(seen) => {
                seen.round = round;
                let before = std::mem::replace(&mut seen.told, now);
                now.checked_sub(before).unwrap_or(now)
            }
            None => {
                let told = now;
                let seen = Seen {
                    told,
                    round,
                    lasting,
                };
                self.counters.insert(series.into(), seen);
                if noting { 0 } else { now }
            }
        }
    }

    /// What the histogram `series` has got since; `None`: nothing.
    pub(super) fn histogram(
        &mut self,
        series: &str,
        now: &DurationsSnapshot,
    ) -> Option<DurationsSnapshot> {
        let (round, noting) = (self.round, self.noting);
        let grown = match self.histograms.get_mut(series) {
            Some(seen) => {
                seen.round = round;
                let before = std::mem::replace(&mut seen.told, *now);
                less(now, &before).unwrap_or(*now)
            }
            None => {
                let told = *now;
                let lasting = false;
                let seen = Seen {
                    told,
                    round,
                    lasting,
                };
                self.histograms.insert(series.into(), seen);
                if noting {
                    return None;
                }
                *now
            }
        };
        grown.counts.iter().any(|count| *count > 0).then_some(grown)
    }

    /// Ends the round: what was not in it is gone.
    pub(super) fn end(&mut self) {
        let round = self.round;
        self.counters
            .retain(|_, seen| seen.lasting || seen.round == round);
        self.histograms.retain(|_, seen| seen.round == round);
    }
}

/// `now` without `before`; `None` if it went back.
fn less(now: &DurationsSnapshot, before: &DurationsSnapshot) -> Option<DurationsSnapshot> {
    let mut grown = *now;
    for (now, before) in grown.counts.iter_mut().zip(before.counts) {
        *now = now.checked_sub(before)?;
    }
    // Read one after the other while requests go on: the sum may be behind by those of that microsecond.
    grown.sum = now.sum.saturating_sub(before.sum);
    Some(grown)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::state::Durations;

    #[test]
    fn a_counter_is_told_by_how_much_it_grew() {
        let mut told = Told::default();
        for (now, grown) in [(5, 5), (5, 0), (12, 7), (3, 3), (0, 0), (1, 1)] {
            told.begin(false);
            assert_eq!(told.count("a", false, now), grown, "{now}");
            told.end();
        }
    }

    #[test]
    fn what_is_only_noted_is_not_told() {
        let mut told = Told::default();
        let durations = Durations::default();
        durations.record(Duration::from_secs(1));
        told.begin(true);
        assert_eq!(told.count("a", false, 1000), 0);
        assert_eq!(told.histogram("h", &durations.snapshot()), None);
        told.end();
        told.begin(false);
        assert_eq!(told.count("a", false, 1001), 1);
        assert_eq!(told.count("b", false, 7), 7, "began meanwhile");
        assert_eq!(told.histogram("h", &durations.snapshot()), None);
        durations.record(Duration::from_secs(2));
        let grown = told.histogram("h", &durations.snapshot()).unwrap();
        assert_eq!(grown.sum, Duration::from_secs(2));
        assert_eq!(grown.counts.iter().sum::<u64>(), 1);
    }

    #[test]
    fn what_is_gone_is_forgotten_but_for_the_process() {
        let mut told = Told::default();
        told.begin(false);
        told.count("pool", false, 10);
        told.count("process", true, 10);
        told.end();
        told.begin(false);
        told.end();
        told.begin(false);
        assert_eq!(told.count("pool", false, 11), 11);
        assert_eq!(told.count("process", true, 11), 1);
        assert_eq!((told.counters.len(), told.histograms.len()), (2, 0));
    }

    #[test]
    fn a_histogram_that_went_back_began_anew() {
        let (long, short) = (Durations::default(), Durations::default());
        for _ in 0..3 {
            long.record(Duration::from_secs(1));
        }
        short.record(Duration::from_secs(1));
        let mut told = Told::default();
        told.begin(false);
        assert_eq!(told.histogram("h", &long.snapshot()), Some(long.snapshot()));
        assert_eq!(
            told.histogram("h", &short.snapshot()),
            Some(short.snapshot())
        );
        assert_eq!(told.histogram("h", &short.snapshot()), None);
    }
}
