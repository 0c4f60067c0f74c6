//! More than one limit for a request.

use std::net::IpAddr;

use http::HeaderMap;
use soe503_core::Tick;
use soe503_core::explain::RateFields;
use soe503_core::rate::RateLimit as Limit;

use super::KeyBy;
use super::future::rejected;
use crate::error::Rejected;

/// A limit, and what tells its callers apart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counted {
    /// The limit.
    pub limit: Limit,
    /// What a caller is.
    pub by: KeyBy,
}

impl Counted {
    /// `limit` for each caller that `by` tells apart.
    pub const fn new(limit: Limit, by: KeyBy) -> Self {
        Self { limit, by }
    }
}

/// Takes a request from `client` with these `headers` from each of `limits`, in their order. What the
/// first ones have let through is given back if a later one refuses: a request that is not served
/// costs nothing. Returns what they tell the caller, for [`announce`](super::announce).
///
/// # Errors
/// The refusal of the first limit that refuses.
pub fn take_all(
    limits: &[Counted],
    headers: &HeaderMap,
    client: Option<IpAddr>,
    now: Tick,
) -> Result<RateFields, Rejected> {
    let mut fields = RateFields::default();
    take(limits, headers, client, now, &mut fields)?;
    Ok(fields)
}

fn take(
    limits: &[Counted],
    headers: &HeaderMap,
    client: Option<IpAddr>,
    now: Tick,
    fields: &mut RateFields,
) -> Result<(), Rejected> {
    let Some((first, others)) = limits.split_first() else {
        return Ok(());
    };
    let key = first.by.key_of(headers, client, &first.limit);
    let left = first.limit.take(key, now).map_err(rejected)?;
    fields.add(&first.limit, &left);
    // A handful of limits, so a handful of calls.
    take(others, headers, client, now, fields).inspect_err(|_| first.limit.give_back(key, &left))
}
