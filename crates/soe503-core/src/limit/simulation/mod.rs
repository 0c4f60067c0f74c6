//! What the limit does to requests, in virtual time and by fixed seeds.

mod healthy;
mod metastable;
mod outcome;
mod overload;
mod setting;
mod world;
