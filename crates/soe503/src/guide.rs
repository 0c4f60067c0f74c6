//! How to get here from elsewhere.

#[cfg_attr(docsrs, doc(cfg(feature = "full")))]
#[doc = include_str!("../docs/from-tower.md")]
pub mod from_tower {}

#[cfg_attr(docsrs, doc(cfg(feature = "full")))]
#[doc = include_str!("../docs/from-other-breakers.md")]
pub mod from_other_breakers {}

/// What a circuit breaker has to do, as cases, and which breakers of the Rust registry do it.
#[doc = include_str!("../docs/breakers.md")]
pub mod breakers {}

/// The code of the README, so that it is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub mod readme {}
