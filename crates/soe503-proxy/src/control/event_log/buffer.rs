//! Lines between whoever tells something and the thread that writes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::writer::Order;

/// Bytes that may wait. A tenth of a second of a flood that nothing has thinned out.
const ROOM: usize = 1 << 20;

/// Bytes that may wait if lines of the audit log are among them.
const ROOM_FOR_AUDIT: usize = 2 << 20;

/// A bounded buffer with one reader.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    /// What is to be done, each after the lines that were there before it.
    orders: Vec<(Batch, Order)>,
    /// The bytes of all of them.
    held: usize,
    writing: bool,
}

/// Lines as they are written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// How many of them there are, by level: error first.
    pub(super) lines: [u64; 5],
}

/// What the thread has to do next.
#[derive(Debug)]
pub(super) struct Work {
    /// First these.
    pub(super) orders: Vec<(Batch, Order)>,
    pub(super) batch: Batch,
}

impl Buffer {
    /// Takes a line in, or not if there is no room.
    pub(super) fn push(&self, line: &[u8], level: usize, audit: bool) -> bool {
        let room = if audit { ROOM_FOR_AUDIT } else { ROOM };
        let mut state = self.locked();
        if state.held + line.len() > room {
            return false;
        }
        state.held += line.len();
        let batch = &mut state.waiting;
        batch.bytes.extend_from_slice(line);
        if let Some(count) = batch.lines.get_mut(level) {
            *count += 1;
        }
        drop(state);
        self.changed.notify_all();
        true
    }

    /// Has the thread do something once it has written what waits.
    pub(super) fn order(&self, order: Order) {
        let mut state = self.locked();
        let before = std::mem::take(&mut state.waiting);
        state.orders.push((before, order));
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until everything is written, but no longer than `patience`. Whether it is.
    pub(super) fn written(&self, patience: Duration) -> bool {
        let busy = |state: &mut State| {
            state.writing || !state.waiting.bytes.is_empty() || !state.orders.is_empty()
        };
        let waited = self
            .changed
            .wait_timeout_while(self.locked(), patience, busy);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// What is to be done next; waits for it. `spare` comes back empty.
    pub(super) fn next(&self, mut spare: Vec<u8>) -> Work {
        let mut state = self.locked();
        state.writing = false;
        self.changed.notify_all();
        let idle = |state: &mut State| state.waiting.bytes.is_empty() && state.orders.is_empty();
        let mut state = self
            .changed
            .wait_while(state, idle)
            .unwrap_or_else(PoisonError::into_inner);
        // One flood does not keep its memory.
        match spare.capacity() > ROOM / 4 {
            true => spare = Vec::new(),
            false => spare.clear(),
        }
        let fresh = Batch {
            bytes: spare,
            lines: [0; 5],
        };
        state.writing = true;
        state.held = 0;
        Work {
            orders: std::mem::take(&mut state.orders),
            batch: std::mem::replace(&mut state.waiting, fresh),
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // Each change is complete before the next.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_room_for_the_audit_log() {
        let buffer = Buffer::default();
        let line = [b'x'; 1024];
        let taken = (0..10_000).filter(|_| buffer.push(&line, 1, false)).count();
        assert_eq!(taken, ROOM / 1024);
        let audit = (0..10_000).filter(|_| buffer.push(&line, 2, true)).count();
        assert_eq!(audit, (ROOM_FOR_AUDIT - ROOM) / 1024);
        let work = buffer.next(Vec::new());
        assert_eq!(work.batch.bytes.len(), ROOM_FOR_AUDIT);
        assert_eq!(work.batch.lines, [0, 1024, 1024, 0, 0]);
        assert!(buffer.push(&line, 0, false), "there is room again");
    }

    #[test]
    fn nobody_waits_for_ever_for_a_reader_that_stopped() {
        let buffer = Buffer::default();
        assert!(buffer.push(b"x\n", 0, false));
        assert!(!buffer.written(Duration::from_millis(1)));
    }
}
