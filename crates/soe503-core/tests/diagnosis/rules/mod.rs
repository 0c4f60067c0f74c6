//! Rules over a pool's last minutes: each with its counter-examples.

mod beside;
mod composed;
mod edges;
mod everywhere;
mod limits;
mod load;
mod others;
mod reach;
mod replay;
mod requests;
mod sick;
mod silent;
mod single;
mod usual;
mod world;
mod zones;
