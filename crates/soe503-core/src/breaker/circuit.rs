//! What all handles to one circuit share.

use std::sync::{Arc, PoisonError};

use super::config::BreakerConfig;
use super::machine::{Ending, Machine};
use super::state::{Mode, Word};
use super::transition::Transition;
use crate::Tick;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::waiting::WaitingRoom;

/// The state machine in its lock, and what is read of it without.
///
/// Requests that change nothing only read of it: each core keeps a copy of its lines.
pub(super) struct Circuit {
    /// State and generation, for the path that takes no lock. Written under the lock.
    word: AtomicU64,
    /// The run of failures, likewise.
    streak: AtomicU32,
    /// The generation up to which [`Circuit::untold`] has handed transitions out.
    told: AtomicU64,
    /// Whether results are kept in a window: a success changes that.
    rated: bool,
    pub(super) name: Arc<str>,
    pub(super) config: BreakerConfig,
    machine: Mutex<Machine>,
    pub(super) room: WaitingRoom,
}

impl Circuit {
    /// A closed one.
    pub(super) fn new(name: Arc<str>, config: BreakerConfig, seed: u64) -> Self {
        let machine = Machine::new(&config, seed);
        Self {
            word: AtomicU64::new(machine.word().bits()),
            streak: AtomicU32::new(0),
            told: AtomicU64::new(machine.generation),
            rated: config.is_rated(),
            name,
            room: WaitingRoom::new(config.max_waiting),
            config,
            machine: Mutex::new(machine),
        }
    }

    #[inline]
    pub(super) fn word(&self) -> Word {
        Word::from_bits(self.word.load(Ordering::Acquire))
    }

    /// As [`Breaker::untold`](super::Breaker::untold).
    pub(super) fn untold(&self) -> Vec<Transition> {
        let (told, now) = (&self.told, self.word().generation());
        if told.load(Ordering::Acquire) >= now {
            return Vec::new();
        }
        // Of two who ask at once, one gets what lies below the other.
        let from = told.fetch_max(now, Ordering::AcqRel);
        let mut transitions = self.lock().transitions_since(from);
        transitions.retain(|transition| transition.generation <= now);
        transitions
    }

    /// A probe's response head came in time.
    pub(super) fn answer(&self, word: Word, now: Tick) {
        self.locked(|machine, _| machine.answer(word, now));
    }

    /// Counts a result.
    pub(super) fn end(&self, ending: Ending) -> Option<Transition> {
        self.locked(|machine, config| machine.end(config, ending))
    }

    /// On a closed circuit without a window, a success only ends a run of failures. If there is
    /// none, it changes nothing, and the lock can be spared. The run is read without the lock: a
    /// failure counted at the same moment is as well counted after this success as before it.
    #[inline]
    pub(super) fn success_changes_nothing(&self, admitted: Word) -> bool {
        !self.rated
            && admitted.mode() == Mode::Closed
            && admitted == self.word()
            && self.streak.load(Ordering::Acquire) == 0
    }

    /// Runs `change` under the lock and publishes what it changed.
    pub(super) fn locked<R>(&self, change: impl FnOnce(&mut Machine, &BreakerConfig) -> R) -> R {
        let mut machine = self.lock();
        let before = (machine.word(), machine.closed.streak());
        let waited = machine.waits_until(&self.config).is_some();
        let result = change(&mut machine, &self.config);
        let (word, streak) = (machine.word(), machine.closed.streak());
        let in_vain = waited && machine.waits_until(&self.config).is_none();
        let welcome = machine.welcome(&self.config);
        // Only when changed: other workers read these on every request.
        if streak != before.1 {
            self.streak.store(streak, Ordering::Release);
        }
        if word != before.0 {
            self.word.store(word.bits(), Ordering::Release);
        }
        drop(machine);
        // After the word: whoever enters the room later sees the change.
        if in_vain && word.mode() == Mode::Open {
            self.room.call_all();
        } else if word != before.0 {
            self.room.open(welcome);
        }
        result
    }

    /// No method panics while it holds the lock; if one did, the counts would still be counts.
    pub(super) fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
