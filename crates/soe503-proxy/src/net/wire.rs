//! What the kernel knows of a connection on which no answer has come.
//!
//! A service that is silent and a machine that is gone look the same to whoever waits. The kernel knows the
//! difference: whether the other side's machine has acknowledged what was sent. It is asked when an answer is overdue,
//! so rarely, and so many times a second at most that thousands that time out together do not each pay for it.

use std::cell::Cell;
use std::net::SocketAddr;

use soe503_core::Tick;
use soe503_core::ledger::Wire;
use tokio::net::TcpStream;

#[cfg(not(target_os = "linux"))]
#[path = "wire/none.rs"]
mod kernel;
#[cfg(target_os = "linux")]
#[path = "wire/sock_diag.rs"]
mod kernel;

/// The two addresses of a connection, ours first.
pub(crate) type Ends = (SocketAddr, SocketAddr);

/// How many are looked up in a second, per worker.
const MOST: u32 = 200;

thread_local! {
    /// A second, and how many were looked up in it.
    static ASKED: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
}

/// What the kernel knows of the connection between `ends`; `None`: nothing (any more), it does not tell, or it was asked
/// too often within this second.
pub(crate) fn look(ends: Ends, now: Tick) -> Option<Wire> {
    may_ask(now).then(|| kernel::look(ends))?
}

/// The addresses of `stream`.
pub(super) fn ends(stream: &TcpStream) -> Option<Ends> {
    Some((stream.local_addr().ok()?, stream.peer_addr().ok()?))
}

fn may_ask(now: Tick) -> bool {
    let second = now.as_nanos() / 1_000_000_000;
    let asked = match ASKED.get() {
        (last, asked) if last == second => asked,
        _ => 0,
    };
    ASKED.set((second, asked.saturating_add(1)));
    asked < MOST
}

#[cfg(all(test, target_os = "linux"))]
#[path = "wire_tests.rs"]
mod tests;
