//! What becomes of connections, whatever is sent on them.

use std::str::FromStr;

/// Whom the backend lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody.
    Open,
    /// Nobody, as if the process had been killed: all connections break off, and new ones are refused.
    Killed,
    /// Nobody new, as a server does that is told to end: what it has read it answers, with
    /// `Connection: close`; idle connections are closed, and new ones are refused.
    Draining,
    /// Everybody, and at once they are reset, as by a balancer with nobody behind it. Connections that
    /// were open break off.
    Resetting,
}

/// No door has this name.
#[derive(Debug, thiserror::Error)]
#[error("unknown door {0:?}: open, killed, draining or resetting")]
pub struct UnknownDoor(String);

// === impl Door ===

impl Door {
    /// Whether connections are accepted at all.
    pub(super) const fn listens(self) -> bool {
        matches!(self, Self::Open | Self::Resetting)
    }

    /// Whether connections that are open break off.
    pub(super) const fn breaks_off(self) -> bool {
        matches!(self, Self::Killed | Self::Resetting)
    }
}

impl FromStr for Door {
    type Err = UnknownDoor;

    fn from_str(name: &str) -> Result<Self, UnknownDoor> {
        Ok(match name {
            "open" => Self::Open,
            "killed" => Self::Killed,
            "draining" => Self::Draining,
            "resetting" => Self::Resetting,
            other => return Err(UnknownDoor(other.to_owned())),
        })
    }
}
