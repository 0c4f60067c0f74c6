//! The set of backends, as one immutable snapshot.

use std::sync::Arc;

use super::backend::Backend;

/// The backends of a pool, and what drawing them by weight needs. Replaced as a whole.
pub(super) struct Members<S> {
    pub(super) list: Arc<[Arc<Backend<S>>]>,
    /// Running sums of the weights; `None` if all are equal.
    cumulative: Option<Box<[u64]>>,
}

// === impl Members ===

impl<S> Members<S> {
    pub(super) fn new(list: Vec<Arc<Backend<S>>>) -> Self {
        let uniform = list.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        let cumulative = (!uniform).then(|| {
            let mut sum = 0;
            list.iter()
                .map(|backend| {
                    sum += u64::from(backend.weight);
                    sum
                })
                .collect()
        });
        Self {
            list: list.into(),
            cumulative,
        }
    }

    /// Two random indices: different ones if all weights are equal, by weight and independently
    /// otherwise, so that equal costs make shares proportional to weights. `None` if empty.
    pub(super) fn draw(&self, rng: &mut fastrand::Rng) -> Option<(usize, usize)> {
        let count = self.list.len();
        if let Some(cumulative) = &self.cumulative {
            let total = *cumulative.last()?;
            let mut one = || {
                let at = rng.u64(0..total);
                cumulative.partition_point(|&sum| sum <= at)
            };
            return Some((one(), one()));
        }
        match count {
            0 => None,
            1 => Some((0, 0)),
            _ => {
                let first = rng.usize(0..count);
                let second = rng.usize(0..count - 1);
                Some((first, second + usize::from(second >= first)))
            }
        }
    }
}
