//! What a reload has changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::config::Config;
use crate::control::admin::config_view::{self, masked};
use crate::control::config_diff::{Difference, Lists, differences};

/// As many keys are told.
const MOST: usize = 20;
/// Longer values are cut, in characters.
const LONGEST: usize = 48;

/// The difference between two configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Each key with what it was and what it is; at most 20, and then how many more there are.
    pub(super) keys: Vec<Arc<str>>,
    /// The pools that it concerns.
    pub(super) pools: Vec<Arc<str>>,
    /// It concerns everything that goes through the proxy.
    pub(super) everything: bool,
}

/// What is different in `new`. What may be a secret is not told.
pub(super) fn configs(old: &Config, new: &Config) -> Changed {
    let (old, new) = (config_view::view(old), config_view::view(new));
    let found = differences(&old, &new, Lists::ByPlace);
    let mut pools = BTreeSet::new();
    let mut everything = false;
    for difference in &found {
        concerned(&difference.path, [&old, &new], &mut pools, &mut everything);
    }
    let more = found.len().saturating_sub(MOST);
    let told = found.into_iter().take(MOST);
    let mut keys: Vec<Arc<str>> = told
        .map(|Difference { path, old, new }| {
            let [old, new] = [old, new].map(|value| shown(&masked(&path, value)));
            format!("{path}: {old} -> {new}").into()
        })
        .collect();
    if more > 0 {
        keys.push(format!("and {more} more").into());
    }
    Changed {
        keys,
        pools: pools.into_iter().map(Arc::from).collect(),
        everything,
    }
}

/// Which pools the key at `path` concerns, in either configuration.
fn concerned(
    path: &str,
    configs: [&Value; 2],
    pools: &mut BTreeSet<String>,
    everything: &mut bool,
) {
    let (table, rest) = path.split_once(['.', '[']).unwrap_or((path, ""));
    match table {
        "pools" => {
            // Names of pools have no dots.
            let name = rest.split('.').next().unwrap_or_default();
            pools.insert(name.to_owned());
        }
        "routes" => {
            let index = rest.split(']').next().and_then(|index| index.parse().ok());
            match index {
                Some(index) => pools.extend(configs.into_iter().filter_map(|config| {
                    let route: &Value = config["routes"].get::<usize>(index)?;
                    Some(route["pool"].as_str()?.to_owned())
                })),
                // Another number of them: any request may be another route's now.
                None => *everything = true,
            }
        }
        "server" | "listeners" | "rate_limits" => *everything = true,
        // The admin API, the access log, the calendar and incidents touch no request by themselves.
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "(not set)".to_owned(),
        value => value.to_string(),
    };
    match text.chars().count() > LONGEST {
        true => text
            .chars()
            .take(LONGEST - 3)
            .chain("...".chars())
            .collect(),
        false => text,
    }
}
