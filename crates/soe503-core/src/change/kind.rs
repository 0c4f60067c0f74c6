//! Kinds of changes, and how soon each one shows.

use core::fmt;
use core::time::Duration;

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Another version of a service.
    Deploy,
    /// Back to an earlier version.
    Rollback,
    /// A configuration, ours or a backend's.
    Config,
    /// A feature flag.
    Flag,
    /// A name's addresses.
    Dns,
    /// A certificate or a key.
    Certificate,
    /// A firewall, a route, a load balancer.
    Network,
    /// The number or the size of instances.
    Scale,
    /// Anything else.
    Other,
}

// === impl Kind ===

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Deploy,
        Self::Rollback,
        Self::Config,
        Self::Flag,
        Self::Dns,
        Self::Certificate,
        Self::Network,
        Self::Scale,
        Self::Other,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Config => "config",
            Self::Flag => "flag",
            Self::Dns => "dns",
            Self::Certificate => "certificate",
            Self::Network => "network",
            Self::Scale => "scale",
            Self::Other => "other",
        }
    }

    /// The kind that this word is for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// How long after such a change what it breaks breaks, at most (R7).
    ///
    /// A deploy rolls through its instances for minutes, a flag is everywhere at once, a name is known until
    /// its TTL is over (60 s is usual, and 30 s more), and a certificate is presented from one handshake to the next.
    pub const fn window(self) -> Duration {
        Duration::from_secs(match self {
            Self::Deploy | Self::Rollback => 300,
            Self::Config | Self::Network | Self::Scale | Self::Other => 60,
            Self::Flag => 30,
            Self::Dns => 90,
            Self::Certificate => 0,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
