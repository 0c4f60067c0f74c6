//! Frames that are not DATA or HEADERS, written; and the numbers that frames are bounded by.

use super::head::{FrameHead, flag, kind};
use crate::code::Code;

/// What a client sends first, RFC 9113 §3.4.
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The largest payload until SETTINGS say otherwise, and the least that they may say (RFC 9113 §6.5.2).
pub(crate) const DEFAULT_FRAME: u32 = 16_384;
/// The largest payload that SETTINGS may allow.
pub(crate) const MAX_FRAME: u32 = 0xff_ffff;
/// A window until SETTINGS say otherwise (RFC 9113 §6.9.2).
pub(crate) const DEFAULT_WINDOW: i32 = 65_535;
/// The largest window, RFC 9113 §6.9.1.
pub(crate) const MAX_WINDOW: i32 = i32::MAX;

fn head(out: &mut Vec<u8>, len: u32, kind: u8, flags: u8, stream: u32) {
    out.extend_from_slice(
        &FrameHead {
            len,
            kind,
            flags,
            stream,
        }
        .to_bytes(),
    );
}

/// Sets the length of the frame that begins at `at`.
pub(crate) fn patch_len(out: &mut [u8], at: usize, len: u32) {
    let [_, l0, l1, l2] = len.to_be_bytes();
    if let Some(place) = out.get_mut(at..at + 3) {
        place.copy_from_slice(&[l0, l1, l2]);
    }
}

pub(crate) fn settings_frame(out: &mut Vec<u8>, settings: &[(u16, u32)]) {
    head(out, settings.len() as u32 * 6, kind::SETTINGS, 0, 0);
    for (id, value) in settings {
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

pub(crate) fn settings_ack(out: &mut Vec<u8>) {
    head(out, 0, kind::SETTINGS, flag::ACK, 0);
}

pub(crate) fn ping(out: &mut Vec<u8>, ack: bool, payload: [u8; 8]) {
    head(out, 8, kind::PING, if ack { flag::ACK } else { 0 }, 0);
    out.extend_from_slice(&payload);
}

pub(crate) fn go_away(out: &mut Vec<u8>, last: u32, code: Code) {
    head(out, 8, kind::GOAWAY, 0, 0);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&code.0.to_be_bytes());
}

pub(crate) fn rst_stream(out: &mut Vec<u8>, stream: u32, code: Code) {
    head(out, 4, kind::RST_STREAM, 0, stream);
    out.extend_from_slice(&code.0.to_be_bytes());
}

pub(crate) fn window_update(out: &mut Vec<u8>, stream: u32, more: u32) {
    head(out, 4, kind::WINDOW_UPDATE, 0, stream);
    out.extend_from_slice(&more.to_be_bytes());
}
