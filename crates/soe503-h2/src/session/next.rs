//! What the caller hears of, and in which order.

use std::collections::VecDeque;

use super::connection::Session;
use super::out::LOW_WATER;
use super::stream::Blocked;
use super::{Event, StreamId};

/// Events that an empty queue may have room for.
const KEPT_EVENTS: usize = 8;

impl<T> Session<T> {
    /// The next thing that came.
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(event) = self.events.pop_front() {
            if self.events.is_empty() && self.events.capacity() > KEPT_EVENTS {
                self.events = VecDeque::new();
            }
            if !self.is_given_up(&event) {
                return Some(event);
            }
        }
        self.next_writable()
    }

    /// A request that was reset before the caller heard of it is not told of, and neither is its end.
    fn is_given_up(&mut self, event: &Event) -> bool {
        match *event {
            Event::Request { stream, .. } => {
                let gone = match self.streams.get_mut(stream.0) {
                    Some(entry) => entry.reset,
                    None => true,
                };
                if gone {
                    self.forget(stream);
                }
                gone
            }
            Event::Reset { stream, .. } => self.streams.get_mut(stream.0).is_none(),
            _ => false,
        }
    }

    /// Whose turn it is to send, round robin.
    fn next_writable(&mut self) -> Option<Event> {
        while self.out.len() < LOW_WATER && self.send_window > 0 {
            let stream = self.ring.pop_front()?;
            let Some(entry) = self.streams.get_mut(stream) else {
                continue;
            };
            if entry.send_window > 0 {
                entry.blocked = Blocked::No;
                return Some(Event::Writable {
                    stream: StreamId(stream),
                });
            }
            entry.blocked = Blocked::Window;
        }
        None
    }
}
