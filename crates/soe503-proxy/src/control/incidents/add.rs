//! Changes that become known.

use std::sync::Arc;

use soe503_api::{self as api, ChangeRequest, Timestamp};
use soe503_core::change::{Added, CLOCK_MARGIN_MS, Change, Kind, Origin, Reach};

use super::feed::News;
use super::{Incidents, diff, settings, tell};
use crate::config::Config;
use crate::control::clock::Anchor;

/// The longest text of a marker, in bytes; longer ones are refused rather than cut.
const LONGEST: usize = 500;

/// Why a change was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadChange {
    /// There is no such kind.
    Kind,
    /// There is no pool of that name.
    Pool(String),
    /// This text is too long.
    Long(&'static str),
    /// It is said to have been made in the future.
    Future,
}

impl Incidents {
    /// Takes in a change that somebody reports; `pools` are those that there are. One that is known already is
    /// kept once.
    ///
    /// # Errors
    /// [`BadChange`].
    pub fn report(
        &self,
        request: &ChangeRequest,
        pools: &[Arc<str>],
        anchor: Anchor,
    ) -> Result<api::Change, BadChange> {
        let kind = Kind::from_word(&request.kind).ok_or(BadChange::Kind)?;
        for (name, text) in [
            ("service", &request.service),
            ("version", &request.version),
            ("by", &request.by),
            ("note", &request.note),
        ] {
            if text.as_ref().is_some_and(|text| text.len() > LONGEST) {
                return Err(BadChange::Long(name));
            }
        }
        let now = anchor.moment();
        let at_ms = request.at.map_or(now.unix_ms, unix_ms);
        if at_ms > now.unix_ms + CLOCK_MARGIN_MS {
            return Err(BadChange::Future);
        }
        let reach = reach(request, pools)?;
        let text = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(Arc::from)
        };
        let (added, news) = {
            let mut desk = self.desk();
            let change = Change {
                id: desk.book.next_id(now),
                kind,
                at_ms,
                service: text(&request.service),
                version: text(&request.version),
                reach,
                by: text(&request.by),
                notes: text(&request.note).into_iter().collect(),
                origin: Origin::Reported,
            };
            match desk.book.add_change(change) {
                Added::New(change) => (tell::change(&change), true),
                Added::Known(change) => (tell::change(&change), false),
            }
        };
        if news {
            self.pass_on(&[News::Changed(added.clone())]);
        }
        Ok(added)
    }

    /// The configuration `new` takes the place of `old`.
    pub fn reloaded(&self, old: &Config, new: &Config, anchor: Anchor) {
        let changed = diff::configs(old, new);
        let mut desk = self.desk();
        desk.book.set_settings(settings(new));
        if changed.keys.is_empty() {
            return;
        }
        let now = anchor.moment();
        let change = Change {
            id: desk.book.next_id(now),
            kind: Kind::Config,
            at_ms: now.unix_ms,
            service: None,
            version: None,
            reach: match changed.everything {
                true => Reach::Everything,
                false => Reach::Pools(changed.pools),
            },
            by: None,
            notes: changed.keys,
            origin: Origin::Reload,
        };
        let added = match desk.book.add_change(change) {
            Added::New(change) | Added::Known(change) => tell::change(&change),
        };
        drop(desk);
        self.pass_on(&[News::Changed(added)]);
    }
}

/// What a reported change may concern.
fn reach(request: &ChangeRequest, pools: &[Arc<str>]) -> Result<Reach, BadChange> {
    let known = |name: &str| pools.iter().find(|pool| ***pool == *name).cloned();
    if request.everything {
        return Ok(Reach::Everything);
    }
    if !request.pools.is_empty() {
        let named = request.pools.iter();
        let named = named.map(|name| known(name).ok_or_else(|| BadChange::Pool(name.clone())));
        return Ok(Reach::Pools(named.collect::<Result<_, _>>()?));
    }
    let service = request.service.as_deref().and_then(known);
    Ok(service.map_or(Reach::Unknown, |pool| Reach::Pools(vec![pool])))
}

fn unix_ms(date: Timestamp) -> i64 {
    i64::try_from(date.unix_millis()).unwrap_or(i64::MAX)
}
