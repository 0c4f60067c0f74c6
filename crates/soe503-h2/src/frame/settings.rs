//! SETTINGS, RFC 9113 §6.5.

use super::write::{DEFAULT_FRAME, MAX_FRAME, MAX_WINDOW};
use crate::code::Code;

/// Identifiers, RFC 9113 §6.5.2 and RFC 9218 §2.1.
pub(crate) mod id {
    pub(crate) const HEADER_TABLE_SIZE: u16 = 1;
    pub(crate) const ENABLE_PUSH: u16 = 2;
    pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(crate) const MAX_FRAME_SIZE: u16 = 5;
    pub(crate) const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub(crate) const NO_RFC7540_PRIORITIES: u16 = 9;
}

/// A setting of the peer's that this side acts upon, its value being a valid one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    HeaderTable(u32),
    Push(bool),
    MaxStreams(u32),
    InitialWindow(i32),
    MaxFrame(u32),
    /// One that is unknown, or of no consequence here.
    Other,
}

/// The settings of a payload, in their order.
///
/// # Errors
///
/// FRAME_SIZE_ERROR if the payload is not a multiple of six bytes; an item is an error if its value is invalid.
pub(crate) fn settings(
    payload: &[u8],
) -> Result<impl Iterator<Item = Result<Setting, Code>>, Code> {
    let (items, rest) = payload.as_chunks::<6>();
    if !rest.is_empty() {
        return Err(Code::FRAME_SIZE_ERROR);
    }
    Ok(items.iter().map(|&[i0, i1, v0, v1, v2, v3]| {
        let value = u32::from_be_bytes([v0, v1, v2, v3]);
        Ok(match u16::from_be_bytes([i0, i1]) {
            id::HEADER_TABLE_SIZE => Setting::HeaderTable(value),
            id::ENABLE_PUSH if value > 1 => return Err(Code::PROTOCOL_ERROR),
            id::ENABLE_PUSH => Setting::Push(value == 1),
            id::MAX_CONCURRENT_STREAMS => Setting::MaxStreams(value),
            id::INITIAL_WINDOW_SIZE => match i32::try_from(value) {
                Ok(value @ ..=MAX_WINDOW) => Setting::InitialWindow(value),
                Err(_) => return Err(Code::FLOW_CONTROL_ERROR),
            },
            id::MAX_FRAME_SIZE if (DEFAULT_FRAME..=MAX_FRAME).contains(&value) => {
                Setting::MaxFrame(value)
            }
            id::MAX_FRAME_SIZE => return Err(Code::PROTOCOL_ERROR),
            id::NO_RFC7540_PRIORITIES if value > 1 => return Err(Code::PROTOCOL_ERROR),
            _ => Setting::Other,
        })
    }))
}
