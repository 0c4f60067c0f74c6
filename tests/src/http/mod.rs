//! An HTTP/1.1 client that hides nothing.
//!
//! It sends exactly the bytes it is given, and says how a connection ended. A library client would
//! pool, retry and normalise, which is what these tests are about.

mod ask;
mod connection;
mod message;
mod parse;
mod wire;

pub use ask::{get, once, post};
pub use connection::Connection;
pub use message::{Answer, AnswerError, Request};
pub use wire::Wire;
