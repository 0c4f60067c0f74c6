//! What a head may cost, and how the end of a body is known.

/// Limits of one head. They hold for what has arrived, also while the head is incomplete, so that no
/// memory is spent on a head that would be refused.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Bytes of the whole head, from its first byte to the empty line's end.
    pub max_bytes: usize,
    /// Fields. Up to 64 are parsed without the heap.
    pub max_headers: usize,
    /// Bytes of the request line's target. [`http::Uri`] holds 65,534 at most, whatever this says.
    pub max_target: usize,
}

/// How the end of a message's body is known (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// So many bytes (`Content-Length`).
    Length(u64),
    /// In chunks (`Transfer-Encoding: chunked`).
    Chunked,
    /// Whatever comes until the connection closes. Responses only.
    UntilClose,
}
