//! Clients that take too long.
//!
//! No timer runs: the worker looks four times a second whether the time has come that the
//! connection has asked to be woken at (see [`Watch`](crate::listen::watch::Watch)). Only then is
//! looked at what is due, and that takes a few steps.

use soe503_core::Tick;
use soe503_h2::Code;

use super::shared::State;
use crate::listen::watch::{LAST_CALL, Patience};

/// Where a connection stands in time.
#[derive(Debug)]
pub(super) struct Timing {
    patience: Patience,
    opened: Tick,
    /// The client has sent its preface and its SETTINGS.
    is_known: bool,
    /// When bytes last came.
    heard: Tick,
    /// When a ping was sent that nothing has come after.
    pinged: Option<Tick>,
    /// Since when the socket takes nothing.
    writing: Option<Tick>,
    /// Since when there is no stream.
    pub(super) quiet: Option<Tick>,
    /// Since when we would like to see the connection end.
    pub(super) draining: Option<Tick>,
}

/// What has to be done about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before then.
    Nothing(Tick),
    /// The client is asked whether it is still there; nothing else before then.
    Ping(Tick),
    /// It has no use for the connection: GOAWAY.
    Leave,
    /// It is not there any more, or might as well not be.
    Cut,
}

impl Timing {
    pub(super) fn new(patience: Patience, now: Tick) -> Self {
        Self {
            patience,
            opened: now,
            is_known: false,
            heard: now,
            pinged: None,
            writing: None,
            quiet: Some(now),
            draining: None,
        }
    }

    /// Bytes have come. `is_known`: it is HTTP/2 that they speak.
    pub(super) fn heard(&mut self, now: Tick, is_known: bool) {
        self.heard = now;
        self.pinged = None;
        self.is_known = is_known;
    }

    /// The socket owes us room.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Something was written, or not; the rest waits, or there is none. When that is too long.
    pub(super) fn wrote(&mut self, any: bool, waits: bool, now: Tick) -> Option<Tick> {
        if !waits {
            self.writing = None;
        } else if any || self.writing.is_none() {
            self.writing = Some(now);
        }
        Some(self.writing?.after(self.patience.write))
    }

    /// When a connection without streams is no longer kept.
    pub(super) fn leave_at(&self, quiet: Tick) -> Tick {
        let idle = quiet.after(self.patience.idle);
        match self.draining {
            Some(since) => idle.min(quiet.max(since).after(LAST_CALL)),
            None => idle,
        }
    }

    /// What is due now.
    pub(super) fn due(&mut self, now: Tick) -> Due {
        let mut next = None;
        // The time for an obligation of the client's; true: it has passed.
        let mut passed = |at: Tick| {
            next = Some(next.map_or(at, |next: Tick| next.min(at)));
            at <= now
        };
        if !self.is_known && passed(self.opened.after(self.patience.head)) {
            return Due::Cut;
        }
        if let Some(since) = self.writing
            && passed(since.after(self.patience.write))
        {
            return Due::Cut;
        }
        match (self.quiet, self.pinged) {
            (Some(quiet), _) => {
                if passed(self.leave_at(quiet)) {
                    return Due::Leave;
                }
            }
            (None, Some(since)) => {
                if passed(since.after(self.patience.head)) {
                    return Due::Cut;
                }
            }
            (None, None) => {
                if passed(self.heard.after(self.patience.idle)) {
                    self.pinged = Some(now);
                    return Due::Ping(now.after(self.patience.head));
                }
            }
        }
        Due::Nothing(next.unwrap_or(now))
    }
}

impl State {
    /// Ends what streams have waited for in vain. When to look again, if anything is awaited.
    pub(super) fn look_at_streams(&mut self, now: Tick) -> Option<Tick> {
        let mut timed = std::mem::take(&mut self.timed);
        let mut next: Option<Tick> = None;
        timed.retain(|&stream| match self.look_at(stream, now) {
            Some(due) => {
                next = Some(next.map_or(due, |next| next.min(due)));
                true
            }
            None => false,
        });
        self.timed = timed;
        next
    }

    fn look_at(&mut self, stream: soe503_h2::StreamId, now: Tick) -> Option<Tick> {
        let (body, write) = (self.patience.body, self.patience.write);
        // Without room for it the client may not send.
        let has_room = self.held < self.roomy;
        let progress = self.progress;
        let is_queued = !self.session.queued().is_empty();
        let open = self.session.get_mut(stream)?;
        let mut due = None;
        if let Some(since) = open.blocked {
            // While something is queued it is the socket that takes nothing, and its turn to be
            // watched; and who reads other answers reads.
            let since = if is_queued { now } else { since.max(progress) };
            let at = since.after(write);
            if at <= now {
                open.wake();
                self.close(stream, Code::CANCEL);
                return None;
            }
            due = Some(at);
        }
        if let Some(intake) = &mut open.intake
            && let Some(since) = intake.owed()
        {
            if !has_room {
                *since = now;
            }
            let at = since.after(body);
            if at <= now {
                intake.give_up();
            } else {
                due = Some(due.map_or(at, |due| due.min(at)));
            }
        }
        open.is_timed = due.is_some();
        due
    }
}

#[cfg(test)]
#[path = "timing_tests.rs"]
mod tests;
