//! Rules over a pool's last minutes: each with its counter-examples.

mod answers;
mod beside;
mod composed;
mod edges;
mod everywhere;
mod groups;
mod kept;
mod limits;
mod limits_edges;
mod load;
mod onsets;
mod others;
mod reach;
mod replay;
mod requests;
mod sick;
mod silent;
mod single;
mod slowness;
mod usual;
mod words;
mod world;
mod zones;
