//! Many counters of which few are ever used, so that reading costs what was counted, not what could be.
//!
//! With a thousand pools at rest the control thread would otherwise read half a million zeros several
//! times a second. A bit for each cell says that it was used; whoever sums looks at those alone.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters by number. They only grow.
#[derive(Debug)]
pub(super) struct Cells {
    counts: Box<[AtomicU64]>,
    used: Box<[AtomicU64]>,
}

const BITS: usize = u64::BITS as usize;

impl Cells {
    /// As many as `length`, all 0.
    pub(super) fn new(length: usize) -> Self {
        let zeros = |length| (0..length).map(|_| AtomicU64::new(0)).collect();
        Self {
            counts: zeros(length),
            used: zeros(length.div_ceil(BITS)),
        }
    }

    /// One more in the cell `index`. The first time costs an atomic more.
    pub(super) fn add(&self, index: usize) {
        let (word, bit) = (&self.used[index / BITS], 1 << (index % BITS));
        // Looked at before it is written: workers share the line, and all but the first only read.
        if word.load(Relaxed) & bit == 0 {
            word.fetch_or(bit, Relaxed);
        }
        self.counts[index].fetch_add(1, Relaxed);
    }

    /// What the cell `index` has counted.
    pub(super) fn get(&self, index: usize) -> u64 {
        self.counts[index].load(Relaxed)
    }

    /// The cells that were ever used, in ascending order, with what they have counted.
    pub(super) fn used(&self) -> impl Iterator<Item = (usize, u64)> {
        self.used.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = bits.load(Relaxed);
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(word * BITS + bit)
            })
            .map(|index| (index, self.get(index)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn those_that_were_used_are_found(added in prop::collection::vec(0_usize..200, 0..60)) {
            let cells = Cells::new(200);
            let mut expected = std::collections::BTreeMap::new();
            for index in added {
                cells.add(index);
                *expected.entry(index).or_insert(0_u64) += 1;
            }
            prop_assert_eq!(cells.used().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_last_of_an_odd_number_counts() {
        let cells = Cells::new(BITS + 1);
        cells.add(BITS);
        assert_eq!(
            (cells.get(BITS), cells.used().collect::<Vec<_>>()),
            (1, vec![(BITS, 1)])
        );
    }
}
