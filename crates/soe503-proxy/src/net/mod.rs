//! The transport under both sides of the proxy: a byte stream, its two halves, and the buffers
//! that connections borrow while they have something to say.

mod buffer;
mod fresh;
mod half;
mod message;
mod splice;
mod stream;
mod tls;
mod wire;

pub(crate) use buffer::{Scratch, read_scratch, with_scratch};
pub(crate) use half::{ReadHalf, WriteHalf};
pub(crate) use message::{Message, SendError};
pub(crate) use splice::Splice;
pub(crate) use stream::Stream;
pub(crate) use tls::Tls;
pub(crate) use wire::{Ends, look};
