//! How one configuration differs from another, key by key, and what a reload would do about it.
//!
//! What is compared is what the admin API shows ([`config_view`](super::admin::config_view)): every default filled in, no secret. So a
//! default that is written out is no difference, and whatever order tables have in a file. That something differs that is not shown
//! is said as well.

mod compare;
mod document;
mod effects;
#[cfg(test)]
mod tests;

pub(super) use compare::{Difference, Lists, differences};
pub(super) use document::document;
