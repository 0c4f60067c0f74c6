//! The admin API over TLS, and what client certificates let their holders do, with the real binaries.

mod handshakes;
mod lbctl;
mod replaced;
mod roles;
mod scene;
