//! How many backends share the work, as an adaptive limit sees it.

use std::time::Duration;

use soe503_core::Tick;
use soe503_core::limit::{Arrival, ConcurrencyLimit, Entry, LimitConfig, LimitWhy, Slot};

fn enter(limit: &ConcurrencyLimit, now: Tick) -> Option<Slot> {
    match limit.enter(now, Arrival::default) {
        Entry::Admitted(slot) => Some(slot),
        _ => None,
    }
}

/// Each may have four requests to work on, whatever is found out: a hundred that are not answered are too many for one,
/// and not for fifty.
#[test]
fn what_is_no_crowd_for_all_backends_is_not_limited() {
    for (backends, why) in [(1, LimitWhy::Testing), (50, LimitWhy::Fixed)] {
        let config = LimitConfig {
            adaptive: true,
            ..LimitConfig::fixed(1_000)
        };
        let limit = ConcurrencyLimit::with("app", config);
        limit.set_backends(backends);
        let mut now = Tick::from_secs(1);
        for _ in 0..200 {
            let mut slot = enter(&limit, now).unwrap();
            now = now.after(Duration::from_millis(10));
            slot.answered(now);
        }
        let mut held = Vec::new();
        for _ in 0..100 {
            now = now.after(Duration::from_millis(1));
            held.extend(enter(&limit, now));
        }
        assert_eq!(limit.snapshot(now).why, why, "{backends}");
    }
}
