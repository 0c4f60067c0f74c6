//! The fields of an answer that nobody on the way looks at, as text.
//!
//! Whether anybody will is known where the client is: an HTTP/1 client of a route that changes no answers
//! takes the fields as they are to be written, and no map is made of them (`soe503_h1::Written`). The
//! stack of a request is polled inside the poll of its client, on one thread, so that an upstream can ask.

use std::cell::Cell;

use soe503_h1::Written;

use crate::net::Scratch;

thread_local! {
    static TAKEN: Cell<bool> = const { Cell::new(false) };
}

/// The fields, each with its line's end.
#[derive(Debug)]
pub(crate) struct PlainFields {
    pub(crate) text: Scratch,
    pub(crate) written: Written,
}

/// From now on, until what it returns is dropped, the fields of an answer are taken as text.
///
/// A value rather than a function around the poll: an answer is large, and would be moved through it.
pub(crate) fn taking() -> Taking {
    Taking(TAKEN.replace(true))
}

/// Whether the client whose request is being polled takes them so.
pub(super) fn is_taken() -> bool {
    TAKEN.get()
}

/// Until this is dropped, be it by a panic.
#[must_use = "ends when it is dropped"]
#[derive(Debug)]
pub(crate) struct Taking(bool);

impl Drop for Taking {
    fn drop(&mut self) {
        TAKEN.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_polled_by_who_takes_it_so() {
        assert!(!is_taken());
        let taken = taking();
        assert!(is_taken());
        drop(taken);
        let broken = std::panic::catch_unwind(|| {
            let _taken = taking();
            panic!("in the stack");
        });
        assert!(broken.is_err() && !is_taken());
    }

    /// The parser knows which fields are ours without knowing the core.
    #[test]
    fn parser_and_core_agree_on_what_is_ours() {
        let limits = crate::upstream::connection::LIMITS;
        for name in [
            "soe-cause",
            soe503_core::hops::ATTEMPTS,
            "x-error-code",
            "x-soe-degraded",
            "soe-x",
            "x-soe",
            "proxy-status",
            "server",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{name}: 1\r\nContent-Length: 0\r\n\r\n");
            let parsed = soe503_h1::parse_response(head.as_bytes(), &limits, &http::Method::GET);
            let parsed = parsed.unwrap().unwrap();
            assert_eq!(
                parsed.explains,
                soe503_core::explain::is_ours(name),
                "{name}"
            );
        }
    }
}
