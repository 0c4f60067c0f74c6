//! What stands around an act where it is chosen and ordered. Its own words are those of the dashboard.

use soe503_api::{BackendAction, BreakerAction, MaintenanceAction, Words};

use super::Act;
use crate::show::clean;

const FOR_THE_NEXT: Option<&str> = Some("For whoever looks next.");
const FOR_THE_LOG: Option<&str> = Some("For the audit log.");

/// How an act is chosen, and what its form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Asks {
    /// In a menu that names its subject.
    pub(in super::super) label: &'static str,
    /// What Enter does.
    pub(in super::super) enter: &'static str,
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
            } => action.words(&clean(backend), &clean(pool)),
            Self::Circuit { pool, action } => action.words(&clean(pool)),
            Self::Maintenance { pool, action } => action.words(&format!("pool {}", clean(pool))),
            Self::Reload => Words::of_reload(),
        }
    }

    /// What its form asks for.
    pub(in super::super) fn asks(&self) -> Asks {
        match self {
            Self::Backend { action, .. } => of_backend(*action),
            Self::Circuit { action, .. } => of_circuit(*action),
            Self::Maintenance { action, .. } => of_maintenance(*action),
            Self::Reload => Asks {
                label: "Reload the configuration",
                enter: "reload",
                reason: None,
                end: None,
            },
        }
    }
}

fn of_backend(action: BackendAction) -> Asks {
    let end = Some(
        "When it returns by itself: a while (30m) or a time in UTC (2026-11-22T18:00:00Z). Empty: when it is enabled.",
    );
    let (label, enter, reason, end) = match action {
        BackendAction::Drain => ("Drain", "drain", FOR_THE_NEXT, end),
        BackendAction::Disable => ("Disable", "disable", FOR_THE_NEXT, end),
        BackendAction::Enable => ("Enable", "enable", FOR_THE_LOG, None),
    };
    Asks {
        label,
        enter,
        reason,
        end,
    }
}

fn of_circuit(action: BreakerAction) -> Asks {
    let (label, enter, reason) = match action {
        BreakerAction::Reset => ("Reset circuit", "reset", FOR_THE_LOG),
        BreakerAction::Open => ("Hold circuit open", "hold open", FOR_THE_NEXT),
        BreakerAction::Close => ("Hold circuit closed", "hold closed", FOR_THE_NEXT),
    };
    Asks {
        label,
        enter,
        reason,
        end: None,
    }
}

fn of_maintenance(action: MaintenanceAction) -> Asks {
    match action {
        MaintenanceAction::Start => Asks {
            label: "Begin maintenance",
            enter: "begin",
            reason: Some("Clients read it."),
            end: Some(
                "When it ends by itself: a while (30m) or a time in UTC (2026-11-22T18:00:00Z). Empty: when it is ended.",
            ),
        },
        MaintenanceAction::End => Asks {
            label: "End maintenance",
            enter: "end",
            reason: None,
            end: None,
        },
    }
}
