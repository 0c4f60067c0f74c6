//! Each act in words: those of the dashboard.

use soe503_api::{BackendAction, BreakerAction, MaintenanceAction};

use super::Act;
use crate::show::clean;

const FOR_THE_NEXT: Option<&str> = Some("For whoever looks next.");
const FOR_THE_LOG: Option<&str> = Some("For the audit log.");

/// An act in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Words {
    /// In a menu that names its subject.
    pub(in super::super) label: &'static str,
    /// The question, without its question mark: `Drain backend b1 of pool app`.
    pub(in super::super) title: String,
    /// What it does.
    pub(in super::super) effect: &'static str,
    /// What is said when it is done.
    pub(in super::super) done: String,
    /// What Enter does.
    pub(in super::super) button: &'static str,
    /// Who reads the reason, if one can be given.
    pub(in super::super) reason: Option<&'static str>,
    /// What an end means, if one can be given.
    pub(in super::super) end: Option<&'static str>,
}

impl Act {
    /// In words. Names are cleaned.
    pub(in super::super) fn words(&self) -> Words {
        match self {
            Self::Backend {
                pool,
                backend,
                action,
            } => of_backend(
                *action,
                &format!("backend {} of pool {}", clean(backend), clean(pool)),
            ),
            Self::Circuit { pool, action } => {
                of_circuit(*action, &format!("the circuit of pool {}", clean(pool)))
            }
            Self::Maintenance { pool, action } => {
                of_maintenance(*action, &format!("maintenance of pool {}", clean(pool)))
            }
            Self::Reload => Words {
                label: "Reload the configuration",
                title: "Reload the configuration".to_owned(),
                effect: "The file is read again and put in force if it is valid; otherwise nothing changes.",
                done: "The configuration was read again and is in force.".to_owned(),
                button: "reload",
                reason: None,
                end: None,
            },
        }
    }
}

fn of_backend(action: BackendAction, of: &str) -> Words {
    let end = Some(
        "When it returns by itself: a while (30m) or a time in UTC (2026-11-22T18:00:00Z). Empty: when it is enabled.",
    );
    match action {
        BackendAction::Drain => Words {
            label: "Drain",
            title: format!("Drain {of}"),
            effect: "It finishes the requests that it has and gets no new ones.",
            done: format!("Draining {of}."),
            button: "drain",
            reason: FOR_THE_NEXT,
            end,
        },
        BackendAction::Disable => Words {
            label: "Disable",
            title: format!("Disable {of}"),
            effect: "It is out of rotation at once; what runs on it may finish.",
            done: format!("Disabled {of}."),
            button: "disable",
            reason: FOR_THE_NEXT,
            end,
        },
        BackendAction::Enable => Words {
            label: "Enable",
            title: format!("Enable {of}"),
            effect: "It comes back into rotation, if its checks and its requests agree.",
            done: format!("Enabled {of}."),
            button: "enable",
            reason: FOR_THE_LOG,
            end: None,
        },
    }
}

fn of_circuit(action: BreakerAction, of: &str) -> Words {
    match action {
        BreakerAction::Reset => Words {
            label: "Reset circuit",
            title: format!("Reset {of}"),
            effect: "It closes, forgets what it has counted, and decides for itself again.",
            done: format!("Reset {of}."),
            button: "reset",
            reason: FOR_THE_LOG,
            end: None,
        },
        BreakerAction::Open => Words {
            label: "Hold circuit open",
            title: format!("Hold {of} open"),
            effect: "Every request of this pool fails at once, until it is reset.",
            done: format!("Holding {of} open."),
            button: "hold open",
            reason: FOR_THE_NEXT,
            end: None,
        },
        BreakerAction::Close => Words {
            label: "Hold circuit closed",
            title: format!("Hold {of} closed"),
            effect: "Every request is let through, whatever happens, until it is reset.",
            done: format!("Holding {of} closed."),
            button: "hold closed",
            reason: FOR_THE_NEXT,
            end: None,
        },
    }
}

fn of_maintenance(action: MaintenanceAction, of: &str) -> Words {
    let whole = of.replacen('m', "M", 1);
    match action {
        MaintenanceAction::Start => Words {
            label: "Begin maintenance",
            title: format!("Begin {of}"),
            effect: "Its requests are answered with 503, the reason and, if there is an end, Retry-After.",
            done: format!("{whole} has begun."),
            button: "begin",
            reason: Some("Clients read it."),
            end: Some(
                "When it ends by itself: a while (30m) or a time in UTC (2026-11-22T18:00:00Z). Empty: when it is ended.",
            ),
        },
        MaintenanceAction::End => Words {
            label: "End maintenance",
            title: format!("End {of}"),
            effect: "Its requests are served again.",
            done: format!("{whole} is over."),
            button: "end",
            reason: None,
            end: None,
        },
    }
}
