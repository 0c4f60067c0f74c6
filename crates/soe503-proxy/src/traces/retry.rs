//! When a batch that was not taken is sent again.

use std::time::Duration;

/// After the first time that it failed.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause of our own.
const LONGEST: Duration = Duration::from_secs(15);
/// So long is one batch tried; newer spans are worth more then.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The tries of one batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// The pause before the next try, if there is one: it would begin `spent` after the first, and the pause. `after`:
    /// what the collector asks for. `chance`: from 0 to 1.
    pub(super) fn next(
        &mut self,
        after: Option<Duration>,
        spent: Duration,
        chance: f64,
    ) -> Option<Duration> {
        let pause = FIRST * 2_u32.saturating_pow(self.failed.min(16));
        self.failed += 1;
        // Several proxies whose collector comes back do not come at the same time.
        let pause = pause
            .min(LONGEST)
            .mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let pause = after.map_or(pause, |after| after.max(pause));
        (spent.saturating_add(pause) <= PATIENCE).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_patience_ends() {
        let mut tries = Tries::default();
        let mut spent = Duration::ZERO;
        let mut pauses = Vec::new();
        while let Some(pause) = tries.next(None, spent, 1.0) {
            pauses.push(pause.as_secs());
            spent += pause;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(
            Tries::default().next(None, Duration::ZERO, 0.0),
            Some(FIRST / 2)
        );
    }

    #[test]
    fn what_the_collector_asks_for_is_the_least() {
        let ask = |seconds| Some(Duration::from_secs(seconds));
        let next = |after, spent| Tries::default().next(after, Duration::from_secs(spent), 1.0);
        assert_eq!(next(ask(30), 0), ask(30));
        assert_eq!(next(ask(0), 0), ask(1));
        assert_eq!(next(ask(30), 31), None, "too late to be worth it");
        assert_eq!(next(ask(u64::MAX), 0), None);
    }
}
