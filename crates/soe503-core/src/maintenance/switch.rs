//! What the request path asks.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::Notice;
use crate::Tick;

/// Whether a planned interruption is in force. A cheap-clone handle.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    shared: Arc<Shared>,
}

/// The interruption that is in force, or the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// From when.
    pub from: Tick,
    /// Until when; `None`: until somebody ends it.
    pub until: Option<Tick>,
    /// What is told about it.
    pub notice: Arc<Notice>,
}

#[derive(Debug)]
struct Shared {
    /// From when something is in force, as nanoseconds of a tick; `u64::MAX`: nothing is planned.
    from: AtomicU64,
    what: ArcSwapOption<InForce>,
}

impl Switch {
    /// Whether nothing is planned at all: one load, and no need to know the time.
    pub fn is_idle(&self) -> bool {
        self.shared.from.load(Ordering::Acquire) == u64::MAX
    }

    /// What is in force `now`.
    pub fn in_force(&self, now: Tick) -> Option<Arc<InForce>> {
        if now.as_nanos() < self.shared.from.load(Ordering::Acquire) {
            return None;
        }
        let what = self.shared.what.load_full()?;
        let over = what.until.is_some_and(|until| until <= now);
        (what.from <= now && !over).then_some(what)
    }

    /// What is in force, or comes next.
    pub fn planned(&self) -> Option<Arc<InForce>> {
        self.shared.what.load_full()
    }

    /// Puts `what` in force at its time, in the place of what was there.
    pub fn set(&self, what: Option<InForce>) {
        let from = what.as_ref().map_or(u64::MAX, |what| what.from.as_nanos());
        self.shared.what.store(what.map(Arc::new));
        self.shared.from.store(from, Ordering::Release);
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            from: AtomicU64::new(u64::MAX),
            what: ArcSwapOption::empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_from_its_beginning_to_its_end() {
        let switch = Switch::default();
        assert!(switch.is_idle() && switch.in_force(Tick::MAX).is_none());
        let notice = Arc::new(Notice {
            target: "app".into(),
            reason: "new disks".into(),
            by: "configuration".into(),
            link: None,
            start: 0,
            end: None,
        });
        let in_force = |from, until: Option<u64>| InForce {
            from: Tick::from_secs(from),
            until: until.map(Tick::from_secs),
            notice: Arc::clone(&notice),
        };
        let holds = |at| switch.in_force(Tick::from_secs(at)).is_some();
        switch.set(Some(in_force(10, Some(20))));
        assert_eq!(
            [9, 10, 19, 20, 21].map(holds),
            [false, true, true, false, false]
        );
        assert!(!switch.is_idle());
        let planned = switch.planned().unwrap();
        assert_eq!(
            (planned.from, planned.until),
            (Tick::from_secs(10), Some(Tick::from_secs(20)))
        );
        switch.set(Some(in_force(0, None)));
        assert!(switch.clone().in_force(Tick::MAX).is_some());
        switch.set(None);
        assert!(switch.is_idle() && !holds(15) && switch.planned().is_none());
    }
}
