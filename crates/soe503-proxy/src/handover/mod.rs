//! Listening sockets that outlive a process: from whoever opened them to us, and from us to our successor.
//!
//! A socket that is closed resets who waits in its queue. So whoever is to go on without that is given the sockets
//! themselves, all of them: of the sockets that share an address the kernel gives each connection to one, and whoever
//! keeps back one keeps back its queue.
//!
//! ```text
//! new process                         old process, which serves all the while
//!   hello, protocol, version   ──▶      checks user and protocol
//!                              ◀──      addresses, and the sockets (SCM_RIGHTS)
//!   reads, binds what is new,
//!   checks backends
//!   ready, what it has no use for ──▶
//!                              ◀──      go: the sockets are yours too
//!   accepts
//!   serving                    ──▶      stops accepting, finishes what it has, ends
//! ```
//!
//! Until `serving`, whatever happens to the new process, the old one serves on.
//!
//! | file | what it is |
//! | --- | --- |
//! | `sockets.rs` | which inherited socket belongs to which listener, and to which worker |
//! | `activation.rs` | what systemd passes at the start |
//! | `notify.rs` | what systemd is told |
//! | `message.rs` | what the two processes say, and how a socket travels |
//! | `entrance.rs` | the old process: the Unix socket where the new one asks |
//! | `exchange.rs` | the old process: one upgrade |
//! | `takeover.rs` | the new process |

mod activation;
pub(crate) mod notify;
mod sockets;

#[cfg(target_os = "linux")]
mod entrance;
#[cfg(target_os = "linux")]
mod exchange;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod takeover;

#[cfg(not(target_os = "linux"))]
mod elsewhere;

#[cfg(all(test, target_os = "linux"))]
mod upgrade_tests;

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{Entrance, Takeover};
#[cfg(target_os = "linux")]
pub(crate) use entrance::Entrance;
#[cfg(target_os = "linux")]
pub(crate) use takeover::Takeover;

pub use activation::{ActivationError, from_environment};
pub use sockets::{Inherited, Shared};
pub(crate) use sockets::{Offered, share_out};
