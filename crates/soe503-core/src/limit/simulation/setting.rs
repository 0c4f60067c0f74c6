//! What a run is given.

use core::time::Duration;

use crate::limit::LimitConfig;

/// What happens in a run. Times are in seconds.
pub(super) struct World {
    pub(super) seed: u64,
    /// From when on how many requests come per second.
    pub(super) load: Vec<(f64, f64)>,
    pub(super) until: f64,
    /// Workers of each backend, from when on.
    pub(super) workers: Vec<(f64, usize)>,
    pub(super) backends: usize,
    /// How long a request takes a worker: by the time and something random.
    pub(super) service: fn(f64, &mut fastrand::Rng) -> f64,
    /// Nobody works from when till when.
    pub(super) frozen: (f64, f64),
    /// They work then, and it is their answers that are held back.
    pub(super) holds: bool,
    /// Share of the requests that are important; the others are not.
    pub(super) important: f64,
    /// How long clients, and a single attempt, wait.
    pub(super) patience: f64,
    pub(super) config: LimitConfig,
    /// How often clients that have waited in vain ask again, at once.
    pub(super) again: u32,
    /// Whether somebody watches for overload that keeps itself going.
    pub(super) watched: bool,
    /// Clients ask again at once when they are refused, and nobody is told how long they wait.
    pub(super) rude: bool,
}

impl Default for World {
    /// Three backends of 8 workers and 40 ms, 600 requests/s in all.
    fn default() -> Self {
        Self {
            seed: 1,
            load: vec![(0.0, 300.0)],
            until: 10.0,
            workers: vec![(0.0, 8)],
            backends: 3,
            service: |_, _| 0.040,
            frozen: (0.0, 0.0),
            holds: false,
            important: 0.5,
            patience: 1.0,
            config: LimitConfig {
                fixed: 10_000,
                adaptive: true,
                max_waiting: 4096,
                max_wait: Duration::from_millis(250),
            },
            again: 0,
            watched: false,
            rude: false,
        }
    }
}
