//! Closing a listening socket so that nobody who reached it is reset.
//!
//! The kernel completes handshakes by itself, and resets what still waits to be accepted when the
//! socket closes: a client that connects between our last `accept` and the close is connected as far
//! as it knows, sends its request, and gets a reset. So the socket turns deaf to new connections
//! first, by a filter that drops their first packet; then what is under way is taken to its end;
//! then it closes. A client whose packet was dropped sends it again after a second, and finds the
//! port closed, or with the next process.

use std::net::TcpListener;
use std::time::Duration;

/// How long handshakes that were under way get to finish: more than most round trips, and well
/// before the second in which a dropped packet comes again (RFC 6298, section 2).
pub(super) const HANDSHAKES: Duration = Duration::from_millis(200);

/// Lets in no new connection. Returns whether the kernel does that: otherwise all one can do is to
/// close quickly.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn turn_deaf(listener: &TcpListener) -> bool {
    use socket2::{SockFilter, SockRef};

    // Classic BPF; what it sees begins with the TCP header, whose byte 13 holds the flags.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    const DROP: u32 = 0;
    const KEEP: u32 = u32::MAX;
    const NO_NEW_CONNECTION: [SockFilter; 5] = [
        SockFilter::new(LOAD_BYTE, 0, 0, 13),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, DROP),
        SockFilter::new(RETURN, 0, 0, KEEP),
    ];
    SockRef::from(listener)
        .attach_filter(&NO_NEW_CONNECTION)
        .inspect_err(|error| tracing::debug!(%error, "the listening socket takes no filter"))
        .is_ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn turn_deaf(_listener: &TcpListener) -> bool {
    false
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream;

    /// Long enough to connect on any machine, and less than a second, when the packet comes again.
    const AT_ONCE: Duration = Duration::from_millis(300);

    #[test]
    fn a_deaf_socket_keeps_whom_it_has_and_lets_nobody_else_in() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        assert!(turn_deaf(&listener));

        let late = TcpStream::connect_timeout(&address, AT_ONCE).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);

        // Who was there is served: its connection hears everything.
        let (mut accepted, _) = listener.accept().unwrap();
        early.write_all(b"ping").unwrap();
        let mut read = [0; 4];
        accepted.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"ping");

        drop(listener);
        let refused = TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}
