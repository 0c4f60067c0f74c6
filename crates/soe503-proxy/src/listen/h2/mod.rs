//! HTTP/2 towards clients.
//!
//! One task per connection, whatever the number of its streams: it reads, hands requests to the
//! stack, polls the exchanges that can go on, and writes once for all of them. The
//! [`Session`](soe503_h2::Session) knows the protocol; what is here knows the socket, the stack and
//! the clock.
//!
//! ```text
//!            ┌──────────── read, while little is queued ◀──────────┐
//!            ▼                                                     │
//!   Session::receive ──▶ events ──▶ requests ──▶ new exchanges     │
//!                          │                         │             │ again, while
//!                          │ data, windows, resets   ▼             │ anything came
//!                          └────────────────────▶ exchanges poll ──┤
//!                                                    │             │
//!                            Session::queued ◀───────┘             │
//!                                   └──▶ one write ────────────────┘
//! ```
//!
//! | file | subject |
//! | --- | --- |
//! | `connection` | the loop above, and how a connection ends |
//! | `exchange` | one request and its answer |
//! | `shared` | the session and what is kept beside it, for the task and the bodies of its requests |
//! | `intake` | what came of one request's body and nobody has used yet |
//! | `body` | a request's body, as the layers see it |
//! | `timing` | clients that take too long |

mod body;
mod connection;
mod exchange;
mod intake;
mod shared;
mod timing;

pub(crate) use body::{Body, Late};
pub(crate) use connection::{Settings, serve};
