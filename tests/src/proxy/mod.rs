//! The real binaries: built if need be, started, awaited and stopped.

mod binaries;
mod command;
mod process;
mod wait;

pub use command::{Said, lbctl, lbctl_alone, soe503_says};
pub use process::{Proxy, config};
pub use wait::{eventually, free_address};
