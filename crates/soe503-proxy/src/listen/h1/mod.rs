//! HTTP/1 towards clients.
//!
//! One task per connection reads a head, runs the stack, writes the answer, and begins again. The
//! directions are separate: a request's body may still be read (by whoever has the
//! [`Body`]) while its answer is written. While a connection waits for a request it holds
//! no buffer; while it answers it borrows the worker's (see `net::buffer`).
//!
//! ```text
//!            head complete                 head of the answer
//!  waiting ────────────────▶ answering ────────────────────────▶ writing ──▶ waiting
//!     │                          │                                  │  └───▶ tunnel (101)
//!     │ closed, too slow,        │ client left                      │ cut, `Connection: close`
//!     ▼ not HTTP: 4xx            ▼                                  ▼
//!   closed                     closed                          lingering ──▶ closed
//! ```

mod answer;
mod body;
mod connection;
mod early;
mod exchange;
mod inbox;
mod stage;
mod tunnel;

pub(crate) use body::Body;
pub(crate) use connection::{Connection, Ended, Settings};
