//! The session against an implementation that we did not write, the crate `h2`, in both roles.

mod as_client;
mod as_server;
mod drive;

/// Bytes that differ along the way.
fn body(len: usize) -> bytes::Bytes {
    (0..len).map(|n| (n / 7) as u8).collect()
}
