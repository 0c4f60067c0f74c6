//! What can be done from the page. An act is named by its path in the admin API, and done by what answers there.

use soe503_api::{
    ActionRequest, BackendAction, BreakerAction, MaintenanceAction, MaintenanceRequest, Timestamp,
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

/// An act in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// The question, without its question mark: `Drain backend b1 of pool app`.
    pub(super) title: String,
    /// What it does.
    pub(super) effect: &'static str,
    /// What is said when it is done.
    pub(super) done: String,
    /// The word on the button.
    pub(super) button: &'static str,
    /// A reason can be given.
    pub(super) reason: bool,
    /// An end can be given.
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
        let words = |title: String, effect, done, button, (reason, end, public)| Words {
            title,
            effect,
            done,
            button,
            reason,
            end,
            public,
        };
        match self {
            Self::Backend {
                pool,
                backend,
                action,
            } => {
                let of = format!("backend {backend} of pool {pool}");
                match action {
                    BackendAction::Drain => words(
                        format!("Drain {of}"),
                        "It finishes the requests that it has and gets no new ones.",
                        format!("Draining {of}."),
                        "Drain",
                        (true, true, false),
                    ),
                    BackendAction::Disable => words(
                        format!("Disable {of}"),
                        "It is out of rotation at once; what runs on it may finish.",
                        format!("Disabled {of}."),
                        "Disable",
                        (true, true, false),
                    ),
                    BackendAction::Enable => words(
                        format!("Enable {of}"),
                        "It comes back into rotation, if its checks and its requests agree.",
                        format!("Enabled {of}."),
                        "Enable",
                        (false, false, false),
                    ),
                }
            }
            Self::Breaker { pool, action } => {
                let of = format!("the circuit of pool {pool}");
                match action {
                    BreakerAction::Reset => words(
                        format!("Reset {of}"),
                        "It closes, forgets what it has counted, and decides for itself again.",
                        format!("Reset {of}."),
                        "Reset",
                        (true, false, false),
                    ),
                    BreakerAction::Open => words(
                        format!("Hold {of} open"),
                        "Every request of this pool fails at once, until it is reset.",
                        format!("Holding {of} open."),
                        "Hold open",
                        (true, false, false),
                    ),
                    BreakerAction::Close => words(
                        format!("Hold {of} closed"),
                        "Every request is let through, whatever happens, until it is reset.",
                        format!("Holding {of} closed."),
                        "Hold closed",
                        (true, false, false),
                    ),
                }
            }
            Self::Maintenance { target, action } => match action {
                MaintenanceAction::Start => words(
                    format!("Begin maintenance of {target}"),
                    "Its requests are answered with 503, the reason and, if there is an end, Retry-After.",
                    format!("Maintenance of {target} has begun."),
                    "Begin",
                    (true, true, true),
                ),
                MaintenanceAction::End => words(
                    format!("End maintenance of {target}"),
                    "Its requests are served again.",
                    format!("Maintenance of {target} is over."),
                    "End",
                    (false, false, false),
                ),
            },
            Self::Reload => words(
                "Reload the configuration".to_owned(),
                "The file is read again and put in force if it is valid; otherwise nothing changes.",
                "The configuration was read again and is in force.".to_owned(),
                "Reload",
                (false, false, false),
            ),
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

    #[test]
    fn every_act_says_what_it_does() {
        let acts = [
            "pools/app/backends/b1/drain",
            "pools/app/breaker/open",
            "maintenance/app/start",
            "config/reload",
        ];
        for act in acts {
            let words = Act::from_path(&format!("/api/v1/{act}")).unwrap().words();
            assert!(
                !words.title.is_empty() && words.effect.ends_with('.') && words.done.ends_with('.')
            );
        }
    }
}
