//! How much is on the agenda.

use super::*;
use crate::pool::{BackendSpec, Pool};

/// Up to twice the backends, and 64.
#[test]
fn what_is_no_longer_true_is_dropped_in_the_end() {
    let pool = Pool::new("app", PoolConfig::default(), 7);
    let specs = ["a:1", "b:1", "c:1"].map(|name| BackendSpec::new(name, ()));
    pool.set_backends(specs.to_vec(), Tick::ZERO);
    // Each decision ends sooner than the one before.
    let noted = (0..100).map(|n| {
        let until = Tick::from_secs(1_000 - n);
        pool.disable("a:1", "test", Some(until), Tick::from_secs(1))
            .unwrap();
        pool.shared.control().agenda.times.len()
    });
    let noted: Vec<_> = noted.collect();
    assert_eq!(noted.iter().max(), Some(&70));
    assert_eq!(noted[69..=71], [70, 1, 2]);
}
