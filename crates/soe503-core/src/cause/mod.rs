//! What a failure is called, and everything that is constant about it.
//!
//! A [`Cause`] is a stable identifier; its [`CauseInfo`] is one row of the table of causes: title,
//! proof, status, `Proxy-Status` error, how `Retry-After` is computed, who can remedy it, and what
//! to do. The documentation page `docs/causes.md` is generated from that table by [`page`].

mod id;
mod info;
mod page;
mod proxy_error;
mod table;
#[cfg(test)]
mod tests;

pub use id::{Category, Cause, UnknownCause};
pub use info::{Blame, CauseInfo, RetryAfterRule, RetrySafety, StatusRule};
pub use page::page;
pub use proxy_error::ProxyError;
