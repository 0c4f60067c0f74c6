//! Interim answers (1xx, RFC 9110 §15.2) on their way from a backend to the client: above all
//! `103 Early Hints` (RFC 8297).
//!
//! The stack answers a request once, so an interim answer travels beside it. The stack of a request
//! is polled inside the poll of its client's connection, on one thread: what an upstream offers
//! while it is polled belongs to the request whose connection is collecting at that moment.
//!
//! ```text
//! client connection            stack                   upstream
//!   collect(room); poll ─────▶ poll ───▶ … ───▶ poll ──▶ offer(103, Link: …)
//!   end() ◀──────────────────────────────────── (this thread's list)
//! ```
//!
//! Nothing of it is a promise. An attempt whose backend has sent interim answers can still be
//! repeated: they do not begin the answer, and a client takes any number of them. Nobody waits for
//! one, and whoever does not collect (health checks, HTTP/1.0 clients) loses nothing. While no
//! backend offers any, a poll costs two accesses to a number of this thread.

use std::cell::{Cell, RefCell};

use http::{HeaderMap, StatusCode};

/// How many interim answers a client gets for one request; the rest is dropped.
pub(crate) const MOST: usize = 16;

thread_local! {
    /// How many more the connection that is being polled takes; 0: nobody collects.
    static ROOM: Cell<usize> = const { Cell::new(0) };
    static HEADS: RefCell<Vec<Interim>> = const { RefCell::new(Vec::new()) };
}

/// The head of an interim answer; it has no body.
#[derive(Debug)]
pub(crate) struct Interim {
    /// 1xx, neither 100 nor 101.
    pub(crate) status: StatusCode,
    /// Without the fields of the backend's hop.
    pub(crate) headers: HeaderMap,
}

/// Offers an interim answer to the client whose request is being polled on this thread, if there
/// is one and it has room. `headers` must have been freed of the fields of the backend's hop.
///
/// Dropped are `100 Continue`, which answers this proxy's own question (RFC 9110 §15.2.1), and
/// `101 Switching Protocols`, which is the end of HTTP and no interim answer to anything.
pub(crate) fn offer(status: StatusCode, headers: HeaderMap) {
    let ours = status == StatusCode::CONTINUE || status == StatusCode::SWITCHING_PROTOCOLS;
    let room = ROOM.get();
    if room == 0 || ours || !status.is_informational() {
        return;
    }
    ROOM.set(room - 1);
    HEADS.with_borrow_mut(|heads| heads.push(Interim { status, headers }));
}

/// Collects the interim answers that are offered from now on, `room` of them at most. Not to be
/// nested.
///
/// A value rather than a function around the poll: an answer is large, and would be moved through it.
pub(crate) fn collect(room: usize) -> Collecting {
    debug_assert_eq!(ROOM.get(), 0, "one connection is polled inside another");
    ROOM.set(room);
    Collecting { room }
}

/// Changes what has been offered to the connection that is being polled.
pub(super) fn amend(change: impl Fn(&mut HeaderMap)) {
    HEADS.with_borrow_mut(|heads| {
        for head in heads {
            change(&mut head.headers);
        }
    });
}

/// Somebody collects until this is dropped, be it by a panic: what was offered to one client must
/// never reach another.
#[must_use = "collects until it is dropped"]
#[derive(Debug)]
pub(crate) struct Collecting {
    room: usize,
}

impl Collecting {
    /// What was offered meanwhile, in its order.
    pub(crate) fn end(mut self) -> Vec<Interim> {
        let heads = self.take();
        self.room = 0;
        heads
    }

    fn take(&self) -> Vec<Interim> {
        match ROOM.replace(0) == self.room {
            true => Vec::new(),
            false => HEADS.take(),
        }
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer_all(statuses: &[u16]) {
        for status in statuses {
            let mut headers = HeaderMap::new();
            headers.insert("link", status.to_string().parse().unwrap());
            offer(StatusCode::from_u16(*status).unwrap(), headers);
        }
    }

    fn statuses(heads: &[Interim]) -> Vec<u16> {
        heads.iter().map(|head| head.status.as_u16()).collect()
    }

    #[test]
    fn interim_answers_but_no_others_reach_who_collects() {
        let collecting = collect(MOST);
        offer_all(&[100, 102, 101, 103, 200, 103]);
        let heads = collecting.end();
        assert_eq!(statuses(&heads), [102, 103, 103]);
        assert_eq!(heads[0].headers["link"], "102");
        assert!(collect(MOST).end().is_empty());
    }

    #[test]
    fn what_there_is_no_room_for_is_dropped() {
        offer_all(&[103]);
        let collecting = collect(2);
        offer_all(&[102, 103, 103]);
        assert_eq!(statuses(&collecting.end()), [102, 103]);
        let collecting = collect(0);
        offer_all(&[103]);
        assert!(collecting.end().is_empty());
        assert!(collect(MOST).end().is_empty());
    }

    #[test]
    fn a_panic_leaves_nothing_to_the_next_client() {
        let broken = std::panic::catch_unwind(|| {
            let _collecting = collect(MOST);
            offer_all(&[103]);
            panic!("the stack is broken");
        });
        assert!(broken.is_err());
        let collecting = collect(MOST);
        offer_all(&[102]);
        assert_eq!(statuses(&collecting.end()), [102]);
    }

    #[test]
    fn what_is_offered_can_be_changed_before_it_leaves() {
        let collecting = collect(MOST);
        offer_all(&[103]);
        amend(|headers| {
            headers.remove("link");
        });
        assert!(collecting.end()[0].headers.is_empty());
    }
}
