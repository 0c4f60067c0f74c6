//! What a client gets before the answer to its request.

use std::io;
use std::task::{Context, Poll};

use http::Version;
use soe503_h1::{BodyLength, ConnectionOut, write_response_head};

use crate::front::interim::{self, Collecting, Interim};
use crate::net::{Message, WriteHalf};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// While as many bytes wait for a client that reads nothing, more interim answers are dropped.
const MOST_WAITING: usize = 64 * 1024;

/// Interim answers of one request on their way out. What the socket does not take stays in front of
/// the answer; the stack never waits for it.
#[derive(Debug)]
pub(super) struct Early {
    /// How many more the client gets.
    room: usize,
    /// What has not gone out. Boxed: hardly any request has it, and all would carry it.
    waiting: Option<Box<Message>>,
}

impl Early {
    /// Nothing yet, for a request in `version`.
    pub(super) fn new(version: Version) -> Self {
        // RFC 9110 §15.2: HTTP/1.0 has no interim answers, and its clients must get none.
        let room = match version {
            Version::HTTP_11 => interim::MOST,
            _ => 0,
        };
        Self {
            room,
            waiting: None,
        }
    }

    /// No answer came before the answer.
    pub(super) const fn none() -> Self {
        Self {
            room: 0,
            waiting: None,
        }
    }

    /// Collects the interim answers that a poll comes across; [`take`](Self::take) them after it.
    pub(super) fn collect(&self) -> Collecting {
        interim::collect(self.room)
    }

    /// Takes what was collected.
    pub(super) fn take(&mut self, collected: Collecting) {
        let heads = collected.end();
        self.room -= heads.len();
        for head in heads {
            self.add(&head);
        }
    }

    /// Invites the request's body.
    pub(super) fn invite(&mut self) {
        self.append(|out| out.extend_from_slice(CONTINUE));
    }

    /// Hands over what waits, if anything does.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>, write: &mut WriteHalf) -> io::Result<()> {
        if let Some(waiting) = &mut self.waiting
            && let Poll::Ready(flushed) = waiting.poll_flush(cx, write)
        {
            self.waiting = None;
            return flushed;
        }
        Ok(())
    }

    /// What has not gone out.
    pub(super) fn unsent(&self) -> &[u8] {
        self.waiting
            .as_ref()
            .map_or(&[], |waiting| waiting.unsent())
    }

    fn add(&mut self, head: &Interim) {
        if self.unsent().len() > MOST_WAITING {
            return;
        }
        self.append(|out| {
            let (length, connection) = (BodyLength::None, ConnectionOut::Omit);
            write_response_head(out, head.status, &head.headers, length, connection, None);
        });
    }

    fn append(&mut self, head: impl FnOnce(&mut Vec<u8>)) {
        match &mut self.waiting {
            Some(waiting) => waiting.append(head),
            None => self.waiting = Some(Box::new(Message::new(BodyLength::None, true, head))),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn offered(early: &mut Early, value: &str) {
        let collecting = early.collect();
        let mut headers = HeaderMap::new();
        headers.insert("link", HeaderValue::from_str(value).unwrap());
        interim::offer(StatusCode::EARLY_HINTS, headers);
        early.take(collecting);
    }

    #[test]
    fn heads_are_written_whole_and_in_order() {
        let mut early = Early::new(Version::HTTP_11);
        offered(&mut early, "</a>");
        early.invite();
        offered(&mut early, "</b>");
        let expected =
            b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
            HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n";
        assert_eq!(early.unsent(), expected);
    }

    #[test]
    fn a_client_that_reads_nothing_does_not_fill_the_memory() {
        let mut early = Early::new(Version::HTTP_11);
        let large = "x".repeat(30 * 1024);
        for _ in 0..interim::MOST {
            offered(&mut early, &large);
        }
        let heads = early.unsent().len() / large.len();
        assert_eq!(heads, 3, "one may go over the limit");
    }
}
