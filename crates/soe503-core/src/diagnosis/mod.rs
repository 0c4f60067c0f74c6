//! The cause that the facts prove.

mod errno;
mod mechanical;
mod outcome;
mod tls;

pub use mechanical::mechanical;
pub use outcome::outcome;
