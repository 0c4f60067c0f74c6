//! Failure modes that a proxy must get right: those that no other test shows, and the table of all of
//! them.

mod backends;
mod messages;
mod scene;
mod table;
