//! How a pool chooses among its backends.

use std::{ops::Range, path::Path};

use http::HeaderName;
use soe503_core::pool::Affinity;

use super::not_here;
use crate::config::{
    Balance, Hash, HashKey, LoadReports, Name, SameSite, Sticky, StickyKey,
    keys::{HashKeys, HashOn, ReportKeys, StickyKeys},
    problem::{Problem, Problems},
    secret::short_file,
    wire::{At, Defaulted, Text},
};

/// What the cookie is called unless the file says otherwise.
const COOKIE: &str = "soe503_backend";
const SHORTEST_KEY: usize = 16;

/// The key of requests, which some policies need and others do not know.
pub(super) fn hash(
    balance: &Defaulted<Balance>,
    keys: Option<At<HashKeys>>,
    problems: &mut Problems,
) -> Option<Hash> {
    if balance.wrong {
        // Whether there is to be a key is not known.
        return None;
    }
    let policy = balance.value.text();
    match keys {
        Some(At { value, at }) if balance.value.is_keyed() => hash_of(value, at, problems),
        Some(At { at, .. }) => {
            let why = format!("`balance = \"{policy}\"` asks for no key");
            not_here(Some(at), "hash", &why, problems);
            None
        }
        None => {
            if balance.value.is_keyed() {
                let at = balance.at.clone().unwrap_or_default();
                let title = format!("`balance = \"{policy}\"` needs `hash`");
                problems
                    .push(Problem::new(at, title, "by which key of a request?").help(
                        "add `hash = { on = \"header\", name = \"X-User-Id\" }` to the pool",
                    ));
            }
            None
        }
    }
}

fn hash_of(keys: HashKeys, at: Range<usize>, problems: &mut Problems) -> Option<Hash> {
    let At {
        value: on,
        at: on_at,
    } = keys.on.0?;
    let named = matches!(on, HashOn::Header | HashOn::Cookie | HashOn::Query);
    let name = match keys.name.given {
        Some(name) if named => Some(name),
        Some(name) => {
            let why = format!("\"{}\" has none", on.text());
            not_here(Some(name.at), "name", &why, problems);
            return None;
        }
        None if keys.name.wrong => return None,
        None => None,
    };
    let Some(name) = name else {
        if named {
            let title = format!("`hash` has no `name` of the {}", on.text());
            let problem = Problem::new(at, title, "which one?").also(on_at, "of this");
            problems.push(problem.help("add `name = \"…\"`"));
            return None;
        }
        let on = match on {
            HashOn::Path => HashKey::Path,
            _ => HashKey::ClientAddress,
        };
        return Some(with_bound(on, keys.bounded_load.given));
    };
    let on = match on {
        HashOn::Header => match HeaderName::from_bytes(name.value.as_bytes()) {
            Ok(name) => HashKey::Header(name),
            Err(_) => {
                let title = "not the name of a header";
                problems.push(Problem::new(
                    name.at,
                    title,
                    "it has a character that none has",
                ));
                return None;
            }
        },
        HashOn::Cookie => HashKey::Cookie(cookie_name(name, problems)?),
        _ => HashKey::Query(name.value),
    };
    Some(with_bound(on, keys.bounded_load.given))
}

fn with_bound(on: HashKey, bound: Option<At<crate::config::Factor>>) -> Hash {
    Hash {
        on,
        bounded_load: bound.map(|bound| bound.value),
    }
}

/// The cookie that keeps clients; the outer `None` after a problem was added.
pub(super) fn sticky(
    keys: Option<At<StickyKeys>>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<Sticky>> {
    let Some(At { value: keys, .. }) = keys else {
        return Some(None);
    };
    let name = match keys.name.given {
        Some(name) => cookie_name(name, problems),
        None => Some(Name::lossy(COOKIE, COOKIE)),
    };
    let path = match keys.path.given {
        Some(At { value, at }) if value.0.contains([';', '?']) => {
            let title = "`path` cannot go into a cookie";
            problems.push(Problem::new(at, title, "it has a `;` or a `?`"));
            None
        }
        Some(path) => Some(path.value.0.to_string()),
        None => Some("/".to_owned()),
    };
    let secure = keys.secure.given;
    if keys.same_site.value == SameSite::None && secure.as_ref().is_none_or(|on| !on.value) {
        let at = keys.same_site.at.clone().unwrap_or_default();
        let title = "`same_site = \"none\"` needs `secure = true`";
        let problem = Problem::new(at, title, "browsers drop such a cookie otherwise");
        problems.push(match &secure {
            Some(secure) => problem.also(secure.at.clone(), "but this says no"),
            None => problem.help("add `secure = true`"),
        });
        return None;
    }
    let key = match &keys.key_file.given {
        None => StickyKey::KNOWN,
        Some(file) => key(&base.join(&file.value.0), &file.at, problems)?,
    };
    Some(Some(Sticky {
        name: name?,
        ttl: keys.ttl.given.map(|ttl| ttl.value),
        path: path?,
        secure: secure.map(|secure| secure.value),
        http_only: keys.http_only.value,
        same_site: keys.same_site.value,
        key_file: keys.key_file.given.map(|file| base.join(file.value.0)),
        key,
    }))
}

/// A name that a cookie can have: a token (RFC 6265 §4.1.1).
fn cookie_name(name: At<Name>, problems: &mut Problems) -> Option<Name> {
    if name.value.contains(['[', ']', ':']) {
        let title = "not the name of a cookie";
        problems.push(Problem::new(
            name.at,
            title,
            "it has a character that none has",
        ));
        return None;
    }
    Some(name.value)
}

fn key(path: &Path, at: &Range<usize>, problems: &mut Problems) -> Option<StickyKey> {
    let refuse = |why: String, problems: &mut Problems| {
        problems.push(
            Problem::new(at.clone(), "`key_file` cannot be used", why)
                .help("make one: head -c 24 /dev/urandom | base64 > sticky.key"),
        );
    };
    let contents = match short_file(path) {
        Ok(contents) => contents,
        Err(why) => {
            refuse(why, problems);
            return None;
        }
    };
    let secret = contents.trim();
    if secret.len() < SHORTEST_KEY {
        refuse(
            format!("it has less than {SHORTEST_KEY} characters"),
            problems,
        );
        return None;
    }
    let half = |which| Affinity::badge(secret, &[which; 16]).to_le_bytes();
    let mut key = [0; 16];
    key[..8].copy_from_slice(&half(1));
    key[8..].copy_from_slice(&half(2));
    Some(StickyKey(key))
}

pub(super) fn load_reports(keys: &At<ReportKeys>) -> LoadReports {
    LoadReports {
        expire_after: keys.value.expire_after.value,
        pass_on: keys.value.pass_on.value,
    }
}
