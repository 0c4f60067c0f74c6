//! What a session is told at its beginning.

/// Limits and windows of a [`Session`](super::Session).
#[derive(Clone, Debug)]
pub struct Options {
    /// Streams that the peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). A server's; default 100.
    pub max_streams: u32,
    /// Bytes of a stream that may come before they are released (SETTINGS_INITIAL_WINDOW_SIZE).
    /// Default 65,535; at most 2^31 - 1.
    pub stream_window: u32,
    /// Bytes of all streams that may come before they are released. Default 1 MiB; never below the
    /// 65,535 bytes that RFC 9113 §6.9.2 gives, at most 2^31 - 1.
    pub connection_window: u32,
    /// The largest header list, in bytes as RFC 9113 §6.5.2 counts them (SETTINGS_MAX_HEADER_LIST_SIZE).
    /// Default 64 KiB.
    pub max_header_list: u32,
    /// The largest frame's payload (SETTINGS_MAX_FRAME_SIZE): 16,384, the default, to 2^24 - 1.
    pub max_frame: u32,
    /// Streams that a client may open before the server's SETTINGS say a number. Default 100.
    pub assumed_streams: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_streams: 100,
            stream_window: 65_535,
            connection_window: 1 << 20,
            max_header_list: 65_536,
            max_frame: 16_384,
            assumed_streams: 100,
        }
    }
}
