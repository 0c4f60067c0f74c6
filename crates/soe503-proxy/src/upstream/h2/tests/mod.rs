//! One backend, by script: what it says in frames, and what becomes of the requests.

mod bodies;
mod ends;
mod goaway;
mod pings;
mod raw;
mod streams;
mod support;
