//! Measurements; there is no code here.
//!
//! - `benches/cpu/run`: CPU per request of soe503 and other proxies, side by side
//! - `cargo bench -p soe503-benches`: what single decisions of `soe503-core` cost
