//! How a pool chooses, in the shape of the file.

use serde_json::{Value, json};

use super::span;
use crate::config::{Balance, HashKey, PoolConfig, SameSite};

/// The policy's name.
pub(super) const fn balance(balance: Balance) -> &'static str {
    match balance {
        Balance::P2c => "p2c",
        Balance::LeastRequest => "least_request",
        Balance::RoundRobin => "round_robin",
        Balance::Random => "random",
        Balance::RingHash => "ring_hash",
        Balance::Maglev => "maglev",
    }
}

/// The tables that belong to it.
pub(super) fn balancing(pool: &PoolConfig, view: &mut Value) {
    if let Some(hash) = &pool.hash {
        let (on, name) = match &hash.on {
            HashKey::Header(name) => ("header", Some(name.as_str())),
            HashKey::Cookie(name) => ("cookie", Some(&**name)),
            HashKey::ClientAddress => ("client_address", None),
            HashKey::Path => ("path", None),
            HashKey::Query(name) => ("query", Some(&**name)),
        };
        view["hash"] = json!({ "on": on });
        if let Some(name) = name {
            view["hash"]["name"] = json!(name);
        }
        if let Some(bound) = hash.bounded_load {
            view["hash"]["bounded_load"] = json!(bound.as_f64());
        }
    }
    if let Some(sticky) = &pool.sticky {
        view["sticky"] = json!({
            "name": &*sticky.name,
            "path": sticky.path,
            "http_only": sticky.http_only,
            "same_site": match sticky.same_site {
                SameSite::Strict => "strict",
                SameSite::Lax => "lax",
                SameSite::None => "none",
            },
        });
        if let Some(ttl) = sticky.ttl {
            view["sticky"]["ttl"] = json!(span(ttl));
        }
        if let Some(secure) = sticky.secure {
            view["sticky"]["secure"] = json!(secure);
        }
        if let Some(file) = &sticky.key_file {
            view["sticky"]["key_file"] = json!(file);
        }
    }
    if let Some(reports) = &pool.load_reports {
        view["load_reports"] = json!({
            "expire_after": span(reports.expire_after),
            "pass_on": reports.pass_on,
        });
    }
}
