//! Measurements; there is no code here.
//!
//! - `benches/peers/run`: soe503 and other proxies, side by side
//! - `benches/instructions/run`: instructions per request, under callgrind
//! - `cargo bench -p soe503-benches`: what single decisions of `soe503-core` cost
