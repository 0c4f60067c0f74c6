//! The errnos (Linux numbers) behind [`std::io::Error`].

use std::io;

use soe503_core::ledger::Fault;

const EPIPE: i32 = 32;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const ENETDOWN: i32 = 100;
const EADDRNOTAVAIL: i32 = 99;
const ENETUNREACH: i32 = 101;
const ECONNABORTED: i32 = 103;
const ECONNRESET: i32 = 104;
const ETIMEDOUT: i32 = 110;
const ECONNREFUSED: i32 = 111;
const EHOSTUNREACH: i32 = 113;

/// What an I/O error proves; `None`: look further down the chain.
///
/// An error without an errno is one that somebody made (`io::Error::new`, or another platform's):
/// its kind then stands for the errno it is named after.
pub(super) fn fault(error: &io::Error) -> Option<Fault> {
    if let Some(errno) = error.raw_os_error() {
        return Some(Fault::Errno(errno));
    }
    let errno = match error.kind() {
        io::ErrorKind::ConnectionRefused => ECONNREFUSED,
        io::ErrorKind::ConnectionReset => ECONNRESET,
        io::ErrorKind::ConnectionAborted => ECONNABORTED,
        io::ErrorKind::BrokenPipe => EPIPE,
        io::ErrorKind::TimedOut => ETIMEDOUT,
        io::ErrorKind::HostUnreachable => EHOSTUNREACH,
        io::ErrorKind::NetworkUnreachable => ENETUNREACH,
        io::ErrorKind::NetworkDown => ENETDOWN,
        io::ErrorKind::AddrNotAvailable => EADDRNOTAVAIL,
        io::ErrorKind::UnexpectedEof => return Some(Fault::Closed),
        _ => return None,
    };
    Some(Fault::Errno(errno))
}

/// These are reported before a connection exists, and never on one that does.
pub(super) const fn is_before_connected(errno: i32) -> bool {
    matches!(errno, ECONNREFUSED | EADDRNOTAVAIL | EMFILE | ENFILE)
}
