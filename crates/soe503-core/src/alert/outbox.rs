//! What has still to be told.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Event;
use crate::Tick;

/// As many incidents may wait to be told; more than can be open at once.
pub const MOST_ENTRIES: usize = 64;

/// The messages that have not arrived, the oldest first: one for each incident, of which it says the latest.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    entries: VecDeque<Entry<T>>,
    dropped: u64,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// The incident.
    pub id: Arc<str>,
    /// What of it.
    pub event: Event,
    /// What it is written from.
    pub about: T,
    /// Since when it waits.
    pub since: Tick,
    /// How often it was tried in vain.
    pub attempts: u32,
}

impl<T> Outbox<T> {
    /// Puts a message in. What waits of the same incident becomes this one, in its place, and keeps how often it was tried:
    /// that there is more to say is no reason to ask sooner. The oldest goes if there is no room.
    pub fn put(&mut self, entry: Entry<T>) {
        if let Some(waiting) = self.entries.iter_mut().find(|e| e.id == entry.id) {
            let event = merged(waiting.event, entry.event);
            let attempts = waiting.attempts.max(entry.attempts);
            *waiting = Entry {
                event,
                attempts,
                ..entry
            };
            return;
        }
        if self.entries.len() >= MOST_ENTRIES {
            // What says nothing new is missed least, and will be said again.
            let again = self.entries.iter().position(|e| e.event == Event::Again);
            if self.entries.remove(again.unwrap_or(0)).is_some() && again.is_none() {
                self.dropped += 1;
            }
        }
        self.entries.push_back(entry);
    }

    /// Takes the first one out.
    pub fn take(&mut self) -> Option<Entry<T>> {
        self.entries.pop_front()
    }

    /// Puts back what was taken and did not arrive. What has come of the same incident meanwhile counts; the next try
    /// is for that.
    pub fn put_back(&mut self, entry: Entry<T>) {
        if let Some(newer) = self.entries.iter_mut().find(|e| e.id == entry.id) {
            newer.event = merged(entry.event, newer.event);
            newer.attempts = newer.attempts.max(entry.attempts);
            return;
        }
        self.entries.push_front(entry);
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many had to make room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            dropped: 0,
        }
    }
}

/// What is told of an incident of which `older` was not told yet, and now `newer` is known.
const fn merged(older: Event, newer: Event) -> Event {
    match (older, newer) {
        // Nobody knows of it yet.
        (Event::Opened, Event::Grew | Event::Again) => Event::Opened,
        (older, Event::Again) => older,
        (_, newer) => newer,
    }
}
