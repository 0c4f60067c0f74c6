//! A name does not resolve any more, and the last good answer carries.

use core::time::Duration;

use super::{Condition, NameSeen, Observation, PoolSeen};
use crate::cause::Cause;
use crate::diagnosis::Level;
use crate::diagnosis::alone;

/// So long it must last: lookups that fail are made again after 1, 2 and 4 s, so this is at least three in a row.
const SETTLE: Duration = Duration::from_secs(10);

/// One for each cause.
pub(super) fn unresolved(seen: &PoolSeen) -> Vec<Condition> {
    let mut found: Vec<Condition> = Vec::new();
    for name in &seen.names {
        if let Some(known) = found.iter_mut().find(|one| one.cause == name.cause) {
            known.since = known.since.min(name.since);
            known.evidence.extend(observed(name, seen));
        } else {
            found.push(one(name, seen));
        }
    }
    found
}

fn one(name: &NameSeen, seen: &PoolSeen) -> Condition {
    let mut found = Condition::new(name.cause, seen, name.since, SETTLE);
    found.grade = alone(name.cause);
    found.level = Level::Pool;
    let carried = match name.addresses {
        0 => "nothing is known of its addresses".to_owned(),
        1 => "1 address of the last good answer is used".to_owned(),
        some => format!("{some} addresses of the last good answer are used"),
    };
    found.what = format!("{} does not resolve, and {carried}", name.host);
    found.evidence = observed(name, seen);
    let filled = |texts: &mut Vec<String>| {
        for text in texts {
            *text = text.replace("NAME", &name.host);
        }
    };
    filled(&mut found.quick);
    filled(&mut found.verify);
    let other = match name.cause {
        Cause::ConfigDnsNxdomain => Cause::DependencyDnsFailure,
        _ => Cause::ConfigDnsNxdomain,
    };
    let because = match name.cause {
        Cause::ConfigDnsNxdomain => "the resolver answers: it says that there is no such name",
        _ => "no resolver has said that there is no such name",
    };
    found.ruled_out.push((other, because.to_owned()));
    found.rule_out_draining(seen);
    found
}

fn observed(name: &NameSeen, seen: &PoolSeen) -> Vec<Observation> {
    let mut all = vec![Observation {
        since: Some(name.since),
        ..Observation::new("dns", format!("{}: {}", name.host, name.text))
    }];
    if let Some(confirmed) = name.confirmed {
        let age = crate::explain::duration(seen.now.since(confirmed));
        let s = if name.addresses == 1 { "" } else { "es" };
        all.push(Observation {
            at: Some(confirmed),
            ..Observation::new(
                "dns",
                format!(
                    "{} resolved to {} address{s} {age} ago; they stay in use",
                    name.host, name.addresses
                ),
            )
        });
    }
    all
}
