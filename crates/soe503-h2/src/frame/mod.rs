//! Frames: the nine bytes before each, what their payloads hold, and how they are written. RFC 9113 §4, §6.

mod head;
mod payload;
mod settings;
mod write;

pub(crate) use head::{FrameHead, flag, kind};
pub(crate) use payload::{data_range, fragment, u31, u32_at};
pub(crate) use settings::{Setting, id, settings};
pub(crate) use write::{
    DEFAULT_FRAME, DEFAULT_WINDOW, MAX_FRAME, MAX_WINDOW, PREFACE, go_away, patch_len, ping,
    rst_stream, settings_ack, settings_frame, window_update,
};
