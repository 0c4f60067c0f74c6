//! The document of the API.

use serde_json::Value;
use soe503_api as api;
use soe503_api::KeyChangeKind;

use super::{Difference, Lists, differences, effects::effects};
use crate::config::{Config, Found};
use crate::control::admin::{config_view, config_view::masked, lint};
use crate::fixed::Fixed;
use crate::state::Proxy;

/// How `new`, which came from `of`, differs from what `proxy` has in force.
pub(in crate::control) fn document(proxy: &Proxy, of: String, new: &Config) -> api::ConfigDiff {
    let old = proxy.config();
    let (before, after) = (config_view::view(&old), config_view::view(new));
    let found = differences(&before, &after, Lists::ByName);
    let hidden = found.is_empty() && !mean_the_same(&old, new);
    let effects = effects(proxy, &old, new);
    let has = |found: &Found| {
        let mut known = old.lints.found().iter();
        known.any(|known| known.lint == found.lint && known.key == found.key)
    };
    let new_lints = new.lints.found().iter().filter(|found| !has(found));
    api::ConfigDiff {
        of,
        changes: found.into_iter().map(change).collect(),
        hidden,
        needs_restart: Fixed::changed(&old, new).map(|what| what.to_string()),
        replaces: effects.replaces,
        keeps: effects.keeps,
        new_lints: new_lints.map(lint).collect(),
    }
}

/// Also in what is not shown.
fn mean_the_same(old: &Config, new: &Config) -> bool {
    let told = |config: &Config| Config {
        // They are about the files that it names at that moment.
        warnings: None,
        ..config.clone()
    };
    told(old) == told(new)
}

fn change(difference: Difference) -> api::KeyChange {
    let Difference { path, old, new } = difference;
    let kind = match (&old, &new) {
        (Value::Null, _) => KeyChangeKind::Added,
        (_, Value::Null) => KeyChangeKind::Removed,
        _ => KeyChangeKind::Changed,
    };
    let value = |value: Value| (!value.is_null()).then(|| masked(&path, value));
    api::KeyChange {
        kind,
        old: value(old),
        new: value(new),
        key: path,
    }
}
