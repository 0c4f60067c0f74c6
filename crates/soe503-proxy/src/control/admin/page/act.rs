//! What can be done from the page. An act is named by its path in the admin API, and done by what answers there.

use soe503_api::{
    ActionRequest, BackendAction, BreakerAction, MaintenanceAction, MaintenanceRequest, Timestamp,
    Words,
};

use super::super::audit::{Deed, Thing};
use super::super::problem::Refusal;
use super::super::router::Shared;
use super::super::{actions, maintenance, reload};
use crate::control::clock::Anchor;

/// One act on one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// `POST /api/v1/pools/{pool}/backends/{backend}/{action}`
    Backend {
        pool: String,
        backend: String,
        action: BackendAction,
    },
    /// `POST /api/v1/pools/{pool}/breaker/{action}`
    Breaker { pool: String, action: BreakerAction },
    /// `POST /api/v1/maintenance/{target}/{action}`
    Maintenance {
        target: String,
        action: MaintenanceAction,
    },
    /// `POST /api/v1/config/reload`
    Reload,
}

/// What the form says beside that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// Why; empty: nobody says.
    pub(super) reason: String,
    /// For how long, in minutes; `None`: until it is ended.
    pub(super) minutes: Option<u32>,
    /// What they call themselves; `None`: nobody asked.
    pub(super) name: Option<String>,
}

/// What can be said beside an act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asks {
    /// A reason.
    pub(super) reason: bool,
    /// An end.
    pub(super) end: bool,
    /// The reason is shown to clients.
    pub(super) public: bool,
}

// === impl Act ===

impl Act {
    /// The act with this path, if there is one.
    pub(super) fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api/v1/")?;
        let segments: Option<Vec<String>> = rest.split('/').map(decode).collect();
        let segments = segments?;
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match words[..] {
            ["pools", pool, "backends", backend, action] => Self::Backend {
                pool: pool.to_owned(),
                backend: backend.to_owned(),
                action: action.parse().ok()?,
            },
            ["pools", pool, "breaker", action] => Self::Breaker {
                pool: pool.to_owned(),
                action: action.parse().ok()?,
            },
            ["maintenance", target, action] => Self::Maintenance {
                target: target.to_owned(),
                action: action.parse().ok()?,
            },
            ["config", "reload"] => Self::Reload,
            _ => return None,
        })
    }

    /// In words.
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Backend {
                pool,
                backend,
                action,
            } => action.words(backend, pool),
            Self::Breaker { pool, action } => action.words(pool),
            Self::Maintenance { target, action } => action.words(target),
            Self::Reload => Words::of_reload(),
        }
    }

    /// What its form asks for.
    pub(super) fn asks(&self) -> Asks {
        let (reason, end, public) = match self {
            Self::Backend {
                action: BackendAction::Drain | BackendAction::Disable,
                ..
            } => (true, true, false),
            Self::Breaker { .. } => (true, false, false),
            Self::Maintenance {
                action: MaintenanceAction::Start,
                ..
            } => (true, true, true),
            Self::Backend {
                action: BackendAction::Enable,
                ..
            }
            | Self::Maintenance {
                action: MaintenanceAction::End,
                ..
            }
            | Self::Reload => (false, false, false),
        };
        Asks {
            reason,
            end,
            public,
        }
    }

    /// Notes for the log what it is.
    pub(super) fn note(&self, deed: &Deed) {
        match self {
            Self::Backend {
                pool,
                backend,
                action,
            } => deed.is(action.as_str(), Thing::Backend(pool, backend)),
            Self::Breaker { pool, action } => {
                deed.is(&format!("breaker_{action}"), Thing::Pool(pool));
            }
            Self::Maintenance { target, action } => {
                deed.is(&format!("maintenance_{action}"), Thing::Other(target));
            }
            Self::Reload => deed.is("reload", Thing::Process),
        }
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// What the admin API would have answered.
    pub(super) async fn perform(&self, shared: &Shared, details: &Details) -> Result<(), Refusal> {
        let anchor = Anchor::now();
        let reason = Some(details.reason.clone()).filter(|reason| !reason.trim().is_empty());
        let until = details.minutes.map(|minutes| end(anchor, minutes));
        match self {
            Self::Backend {
                pool,
                backend,
                action,
            } => {
                let request = ActionRequest { reason, until };
                actions::change_backend(shared, (pool, backend, *action), &request, anchor)
                    .map(drop)
            }
            Self::Breaker { pool, action } => {
                let request = ActionRequest {
                    reason,
                    until: None,
                };
                actions::change_circuit(shared, (pool, *action), &request, anchor).map(drop)
            }
            Self::Maintenance { target, action } => {
                let request = MaintenanceRequest {
                    reason,
                    until,
                    by: details.name.clone(),
                    ..MaintenanceRequest::default()
                };
                maintenance::change(shared, (target, *action), &request, anchor)
            }
            Self::Reload => reload::now(shared).await,
        }
    }
}

fn end(anchor: Anchor, minutes: u32) -> Timestamp {
    let minutes = std::time::Duration::from_secs(u64::from(minutes) * 60);
    anchor.date(anchor.tick().after(minutes))
}

/// Takes the percent-encoding off a segment; `None` if it is not one, or no text.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use soe503_api::path;

    use super::*;

    #[test]
    fn an_act_is_named_by_the_path_that_the_api_gives_it() {
        let (pool, backend) = ("a b/ü", "http://[::1]:80/%2e");
        for action in BackendAction::ALL {
            let act = Act::from_path(&path::backend_action(pool, backend, action));
            let (pool, backend) = (pool.to_owned(), backend.to_owned());
            assert_eq!(
                act,
                Some(Act::Backend {
                    pool,
                    backend,
                    action
                })
            );
        }
        for action in BreakerAction::ALL {
            let act = Act::from_path(&path::breaker_action(pool, action));
            assert_eq!(
                act,
                Some(Act::Breaker {
                    pool: pool.to_owned(),
                    action
                })
            );
        }
        for action in MaintenanceAction::ALL {
            let act = Act::from_path(&path::maintenance_action("../x", action));
            assert_eq!(
                act,
                Some(Act::Maintenance {
                    target: "../x".into(),
                    action
                })
            );
        }
        assert_eq!(Act::from_path("/api/v1/config/reload"), Some(Act::Reload));
    }

    #[test]
    fn other_paths_are_no_acts() {
        for path in [
            "",
            "/",
            "/api/v1/pools",
            "/api/v1/pools/app/backends/b1/stop",
            "/api/v1/pools/app/backends/b1/drain/x",
            "/api/v1/pools/app/cache/flush/",
            "/api/v1/pools/%zz/breaker/reset",
            "/api/v1/pools/%ff/breaker/reset",
            "/api/v1/pools/%4/breaker/reset%",
            "http://elsewhere/api/v1/config/reload",
        ] {
            assert_eq!(Act::from_path(path), None, "{path}");
        }
    }
}
