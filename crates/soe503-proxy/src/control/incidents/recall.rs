//! What was known before a restart.

use std::sync::Arc;

use soe503_api::{self as api, ChangeOrigin, ChangeReach};
use soe503_core::change::{Change, Kind, Origin, Reach};

use super::Incidents;

impl Incidents {
    /// Takes in the changes that an earlier process knew. What is in a form that this one does not know is left out.
    pub(crate) fn recall(&self, changes: &[api::Change]) {
        let known = changes.iter().filter_map(change);
        self.desk().book.recall(known);
    }
}

/// What the admin API told as `told`.
fn change(told: &api::Change) -> Option<Change> {
    let names = |names: &[String]| names.iter().map(|name| Arc::from(&**name)).collect();
    let text = |text: &Option<String>| text.as_deref().map(Arc::from);
    let reach = match told.reach {
        ChangeReach::Everything => Reach::Everything,
        ChangeReach::Pools => Reach::Pools(names(&told.pools)),
        ChangeReach::Backends => Reach::Backends {
            pool: Arc::from(&**told.pools.first()?),
            backends: names(&told.backends),
        },
        _ => Reach::Unknown,
    };
    Some(Change {
        id: Arc::from(&*told.id),
        kind: Kind::from_word(&told.kind)?,
        at_ms: i64::try_from(told.at.unix_millis()).ok()?,
        service: text(&told.service),
        version: text(&told.version),
        reach,
        by: text(&told.by),
        notes: names(&told.notes),
        origin: match told.origin {
            ChangeOrigin::Reported => Origin::Reported,
            ChangeOrigin::Reload => Origin::Reload,
            ChangeOrigin::Release => Origin::Release,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::incidents::tell;

    #[test]
    fn what_is_told_is_what_is_recalled() {
        for reach in [
            Reach::Unknown,
            Reach::Everything,
            Reach::Pools(vec!["cart".into(), "search".into()]),
            Reach::Backends {
                pool: "cart".into(),
                backends: vec!["b1".into()],
            },
        ] {
            for origin in [Origin::Reported, Origin::Reload, Origin::Release] {
                let known = Change {
                    id: "01KAPX3J".into(),
                    kind: Kind::Deploy,
                    at_ms: 1_795_369_244_000,
                    service: Some("cart".into()),
                    version: None,
                    reach: reach.clone(),
                    by: Some("argocd".into()),
                    notes: vec!["rev 9f3c1e2".into()],
                    origin,
                };
                assert_eq!(change(&tell::change(&known)), Some(known));
            }
        }
    }
}
