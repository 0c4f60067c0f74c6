//! The pools that a route fails over to.

use std::{collections::HashMap, ops::Range, sync::Arc};

use crate::config::{
    Failover, PoolConfig,
    keys::FailoverKeys,
    problem::{Problem, Problems},
    wire::{At, quoted},
};

/// The failover of a route that leads to the pool `own`. Pools that are not there were reported before
/// ([`references`](super::routes::references)).
pub(super) fn failover(
    keys: Option<At<FailoverKeys>>,
    own: Option<&At<String>>,
    pools: &HashMap<&str, &Arc<PoolConfig>>,
    problems: &mut Problems,
) -> Option<Failover> {
    let At { value: keys, .. } = keys?;
    let names = keys.pools.0?;
    if names.value.0.is_empty() {
        problems.push(Problem::new(
            names.at,
            "`pools` is empty",
            "there is nobody to fail over to",
        ));
        return None;
    }
    let mut seen: HashMap<String, Range<usize>> = HashMap::new();
    if let Some(own) = own {
        seen.insert(own.value.clone(), own.at.clone());
    }
    let mut found = Vec::with_capacity(names.value.0.len());
    for name in names.value.0 {
        if let Some(first) = seen.insert(name.value.clone(), name.at.clone()) {
            let title = format!(
                "the failover leads back to the pool `{}`",
                quoted(&name.value)
            );
            problems.push(
                Problem::new(name.at, title, "it is asked already")
                    .also(first, "here")
                    .help("name each pool once, and not the route's own"),
            );
            continue;
        }
        found.extend(pools.get(&*name.value).map(|pool| Arc::clone(pool)));
    }
    Some(Failover {
        pools: found,
        on_overload: keys.on_overload.value,
    })
}
