//! The streams of a connection.
//!
//! Identifiers only grow, so that a sorted list of them is kept sorted by appending. The newest is the most likely
//! to be asked for and is looked at first; the others are found by bisection. Streams themselves stay where they are.

use super::stream::Stream;

/// Slots that a table without streams may hold on to.
const KEPT: usize = 4;

#[derive(Debug)]
pub(super) struct Table<T> {
    /// Identifiers in ascending order, and where they are.
    index: Vec<(u32, u32)>,
    slots: Vec<Option<Stream<T>>>,
    free: Vec<u32>,
    /// Streams that are not closed.
    open: usize,
}

impl<T> Table<T> {
    pub(super) const fn new() -> Self {
        Self {
            index: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            open: 0,
        }
    }

    /// Streams that are not closed.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// All streams, the closed ones included.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    fn place(&self, id: u32) -> Option<(usize, usize)> {
        let &(last, slot) = self.index.last()?;
        if last == id {
            return Some((self.index.len() - 1, slot as usize));
        }
        let at = self.index.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some((at, self.index.get(at)?.1 as usize))
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Stream<T>> {
        let (_, slot) = self.place(id)?;
        self.slots.get_mut(slot)?.as_mut()
    }

    /// Adds a stream that is not closed, with an identifier above all others.
    pub(super) fn push(&mut self, stream: Stream<T>) {
        debug_assert!(self.index.last().is_none_or(|&(last, _)| last < stream.id));
        let id = stream.id;
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.slots.get_mut(slot as usize) {
                    *place = Some(stream);
                }
                slot
            }
            None => {
                self.slots.push(Some(stream));
                self.slots.len() as u32 - 1
            }
        };
        self.index.push((id, slot));
        self.open += 1;
    }

    /// Changes a stream's state. True: it is closed by that.
    pub(super) fn change(&mut self, id: u32, change: impl FnOnce(&mut Stream<T>)) -> bool {
        let Some(stream) = self.get_mut(id) else {
            return false;
        };
        let was = stream.is_closed();
        change(stream);
        let closes = !was && stream.is_closed();
        self.open -= usize::from(closes);
        closes
    }

    /// All streams are over.
    pub(super) fn reset_all(&mut self) {
        for stream in self.iter_mut() {
            stream.set_reset();
        }
        self.open = 0;
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Stream<T>> {
        let (at, slot) = self.place(id)?;
        self.index.remove(at);
        let stream = self.slots.get_mut(slot)?.take()?;
        self.open -= usize::from(!stream.is_closed());
        if self.index.is_empty() {
            self.clear();
        } else {
            self.free.push(slot as u32);
        }
        Some(stream)
    }

    fn clear(&mut self) {
        if self.slots.capacity() > KEPT {
            *self = Self::new();
        } else {
            self.slots.clear();
            self.free.clear();
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream<T>> {
        self.slots.iter_mut().flatten()
    }

    /// The identifiers above `id`.
    pub(super) fn above(&self, id: u32) -> Vec<u32> {
        let from = self.index.partition_point(|&(other, _)| other <= id);
        self.index
            .get(from..)
            .unwrap_or_default()
            .iter()
            .map(|&(id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Stream, Table};
    use crate::session::stream::Half;

    #[test]
    fn streams_are_found_until_they_are_removed_and_slots_are_used_again() {
        let mut table = Table::<u32>::new();
        for id in (1..200).step_by(2) {
            let mut stream = Stream::new(id, 0, 0);
            stream.data = Some(id * 10);
            table.push(stream);
        }
        assert_eq!((table.open(), table.len()), (100, 100));
        for id in (1..200).step_by(4) {
            assert_eq!(
                table.remove(id).and_then(|stream| stream.data),
                Some(id * 10)
            );
            assert!(table.remove(id).is_none());
        }
        assert_eq!((table.open(), table.len()), (50, 50));
        for id in (201..301).step_by(2) {
            table.push(Stream::new(id, 0, 0));
        }
        assert_eq!(table.slots.len(), 100);
        assert_eq!(table.get_mut(3).and_then(|stream| stream.data), Some(30));
        assert!(table.get_mut(5).is_none());
        assert_eq!(table.above(295), [297, 299]);

        assert!(!table.change(3, |stream| stream.local = Half::Ended));
        assert!(table.change(3, |stream| stream.remote = Half::Ended));
        assert!(!table.change(3, Stream::set_reset));
        assert_eq!((table.open(), table.len()), (99, 100));
        table.remove(3);
        assert_eq!((table.open(), table.len()), (99, 99));
        for id in table.above(0) {
            table.remove(id);
        }
        assert_eq!(
            (table.open(), table.len(), table.slots.capacity()),
            (0, 0, 0)
        );
    }
}
