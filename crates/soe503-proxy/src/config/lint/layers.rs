//! Retries at two layers of one file: a pool whose backend is a listener of this same proxy.
//!
//! That other proxies stand behind a pool a file does not say; what they have tried again `Soe-Hop` says, where `proxy = true`.

use std::net::SocketAddr;

use super::{
    KeyPath,
    hit::{Hit, Hits},
    look::Look,
};
use crate::config::{Listener, PoolConfig, Target};

pub(super) fn retries_at_two_layers(look: &Look<'_>, hits: &mut Hits) {
    for pool in look.pools() {
        let Some(listener) = own_listener(look, pool) else {
            continue;
        };
        // Which route a request meets inside depends on the request: what is true of all of them is sure.
        let inside = look.routes().filter(|to| to.route.pool.name != pool.name);
        let fewest = inside.map(|to| to.route.retry.attempts.get()).min();
        let Some(fewest) = fewest.filter(|attempts| *attempts > 1) else {
            continue;
        };
        for to in look.routes_to(pool) {
            let attempts = to.route.retry.attempts.get();
            if attempts < 2 {
                continue;
            }
            let all = u32::from(attempts) * u32::from(fewest);
            let said = format!(
                "{attempts} attempts at `{}`, which is this proxy, of {fewest} attempts each or more: a backend may be asked {all} times for one request",
                listener.address
            );
            hits.push(
                Hit::new(
                    KeyPath::route(to.number, "retry.attempts"),
                    attempts.to_string(),
                    said,
                )
                .set("retry.attempts", "1")
                .also(
                    KeyPath::pool(&pool.name, "backends"),
                    "one of them is a listener of this file",
                ),
            );
        }
    }
}

/// The listener that is a backend of `pool`, unless it is told what was tried before.
fn own_listener<'a>(look: &Look<'a>, pool: &PoolConfig) -> Option<&'a Listener> {
    let mut addresses = pool
        .backends
        .iter()
        .filter_map(|backend| match backend.target {
            Target::Address(address) => Some(address),
            _ => None,
        });
    addresses.find_map(|address| {
        let mut listeners = look.config.listeners.iter();
        let listener = listeners.find(|listener| is_at(listener, address))?;
        // A connection to an address of this machine comes from that address.
        let told = pool.proxy && listener.forwarded.trust.contains(address.ip());
        (!told).then_some(listener)
    })
}

/// Whether a connection to `address` arrives at `listener`, for all that a file says.
fn is_at(listener: &Listener, address: SocketAddr) -> bool {
    let listens = listener.address;
    let everywhere = listens.ip().is_unspecified()
        && listens.is_ipv4() == address.is_ipv4()
        && address.ip().is_loopback();
    listens.port() == address.port() && (everywhere || listens.ip() == address.ip())
}
