//! Incidents and change markers of the real binary: what is one, what it is about, which change it comes from.

mod changes;
mod conditions;
mod outages;
pub(crate) mod scene;
mod verify;
