//! Where a request has been.

use smallvec::SmallVec;

/// The backends that a request has tried, by id. Four fit without allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    ids: SmallVec<[u32; 4]>,
}

impl Tried {
    /// Nothing tried yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an attempt on backend `id`. Noting it twice changes nothing.
    pub fn insert(&mut self, id: u32) {
        if !self.contains(id) {
            self.ids.push(id);
        }
    }

    /// Whether backend `id` was tried.
    pub fn contains(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    /// How many different backends were tried.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids, in the order of the attempts.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.ids.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Tried;

    #[test]
    fn a_backend_counts_once() {
        let mut tried = Tried::new();
        assert!(tried.is_empty());
        for (id, len) in [(7, 1), (7, 1), (3, 2)] {
            tried.insert(id);
            assert_eq!((tried.len(), tried.is_empty()), (len, false));
        }
        assert_eq!(tried.iter().collect::<Vec<_>>(), [7, 3]);
    }
}
