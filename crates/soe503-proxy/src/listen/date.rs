//! The `Date` of answers that have none (RFC 9110 §6.6.1), formatted once a second.

use std::cell::RefCell;
use std::fmt::Write;
use std::time::UNIX_EPOCH;

use crate::control::clock::unix_now;

thread_local! {
    static DATE: RefCell<Date> = const { RefCell::new(Date { second: 0, text: String::new() }) };
}

struct Date {
    second: u64,
    text: String,
}

/// Reads the clock; the worker calls it several times a second.
pub(crate) fn refresh() {
    let now = unix_now();
    let second = now.as_secs();
    DATE.with_borrow_mut(|date| {
        if date.second != second || date.text.is_empty() {
            date.second = second;
            date.text.clear();
            // Writing to a string cannot fail.
            let _written = write!(date.text, "{}", httpdate::HttpDate::from(UNIX_EPOCH + now));
        }
    });
}

/// Shows the date to `f`.
pub(crate) fn with<R>(f: impl FnOnce(&[u8]) -> R) -> R {
    if DATE.with_borrow(|date| date.text.is_empty()) {
        refresh();
    }
    DATE.with_borrow(|date| f(date.text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_format_of_http() {
        let date = with(|date| String::from_utf8(date.to_vec()).unwrap());
        assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
        let said = httpdate::parse_http_date(&date).unwrap();
        let since = said.duration_since(UNIX_EPOCH).unwrap();
        assert!(unix_now().saturating_sub(since).as_secs() < 60);
    }
}
