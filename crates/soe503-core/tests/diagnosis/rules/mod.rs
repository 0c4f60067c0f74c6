//! Rules over a pool's last minutes: each with its counter-examples.

mod composed;
mod load;
mod others;
mod reach;
mod replay;
mod requests;
mod sick;
mod single;
mod world;
