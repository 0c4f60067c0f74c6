//! One connection's state, in both roles: RFC 9113 §3 to §6.
//!
//! | file | subject |
//! | --- | --- |
//! | `connection` | what a session holds, its beginning, and what it says of itself |
//! | `input` | bytes become frames |
//! | `dispatch` | what a frame's head alone decides, and who gets its payload |
//! | `heads`, `requests`, `responses` | HEADERS and CONTINUATION |
//! | `data` | DATA, and the windows of this side |
//! | `control` | SETTINGS, PING, WINDOW_UPDATE, RST_STREAM, PRIORITY |
//! | `going` | GOAWAY, both ways |
//! | `send` | heads, data and trailers to the peer, within the peer's windows |
//! | `next` | events, and whose turn it is to send |
//! | `close` | streams that end before their time, and streams that are forgotten |
//! | `stream`, `table`, `recent` | streams: their states, where they are, which were reset |
//! | `floods` | budgets for what a hostile peer repeats |
//! | `out` | the buffer to the socket |

mod close;
mod connection;
mod control;
mod data;
mod dispatch;
mod event;
mod floods;
mod going;
mod heads;
mod input;
mod next;
mod options;
mod out;
mod recent;
mod requests;
mod responses;
mod send;
mod stream;
mod table;

pub use connection::Session;
pub use event::{By, Event, StreamId, Violation};
pub use options::Options;

#[cfg(test)]
mod tests;
