//! What routes change about messages.

use http::HeaderName;

use crate::config::{
    HeaderRules, Rewrite,
    keys::{Fields, HeaderKeys, RouteKeys},
    problem::{Problem, Problems},
    wire::At,
};

/// What takes the place of the prefix of the path.
pub(super) fn rewrite(keys: &RouteKeys, problems: &mut Problems) -> Option<Rewrite> {
    if !keys.strip_prefix.value {
        let prefix = keys.rewrite_prefix.given.as_ref()?;
        return Some(Rewrite(prefix.value.0.clone()));
    }
    let at = keys.strip_prefix.at.clone().unwrap_or_default();
    if let Some(other) = &keys.rewrite_prefix.given {
        problems.push(
            Problem::new(
                at,
                "the prefix is both stripped and rewritten",
                "either this",
            )
            .also(other.at.clone(), "or this"),
        );
        return None;
    }
    let prefix = &keys.matches.0.value.path_prefix;
    let none = match &prefix.given {
        Some(prefix) => prefix.value.0.is_empty(),
        None => !prefix.wrong,
    };
    if none {
        problems.push(
            Problem::new(at, "there is no prefix to strip", "of this route's path")
                .help("add one: `match = { path_prefix = \"/api\" }`"),
        );
    }
    Some(Rewrite("".into()))
}

/// The rules for the fields of requests or of answers.
pub(super) fn headers(keys: HeaderKeys, problems: &mut Problems) -> HeaderRules {
    let set = &keys.set.value.0;
    for (index, (name, _)) in set.iter().enumerate() {
        if let Some((first, _)) = set[..index].iter().find(|(n, _)| n.value == name.value) {
            let title = format!("`{}` is set twice", name.value);
            problems.push(
                Problem::new(name.at.clone(), title, "again here")
                    .also(first.at.clone(), "first here"),
            );
        }
        let removed = keys.remove.value.0.iter().find(|r| r.value.0 == name.value);
        if let Some(At { at, .. }) = removed {
            let title = format!("`{}` is both set and removed", name.value);
            problems.push(
                Problem::new(at.clone(), title, "removed here")
                    .also(name.at.clone(), "set here")
                    .help("`set` alone replaces what was there"),
            );
        }
    }
    let pairs = |fields: Fields| -> Vec<(HeaderName, _)> {
        let pairs = fields.0.into_iter();
        let mut pairs: Vec<_> = pairs.map(|(name, value)| (name.value, value)).collect();
        pairs.sort_by(|(a, _): &(HeaderName, _), (b, _)| a.as_str().cmp(b.as_str()));
        pairs
    };
    let remove = keys.remove.value.0.into_iter().map(|name| name.value.0);
    HeaderRules {
        remove: remove.collect(),
        set: pairs(keys.set.value),
        add: pairs(keys.add.value),
    }
}
