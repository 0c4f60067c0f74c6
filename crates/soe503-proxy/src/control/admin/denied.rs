//! Why a request to the admin API is turned away, and what it is told.

use std::time::Duration;

use soe503_api::Problem;

use crate::state::TurnedAway;

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Neither a token nor a certificate, or a wrong token.
    Unauthorized,
    /// A certificate whose names have no role.
    NotNamed,
    /// Not from this machine, and there is nothing that could prove it harmless.
    NotLocal,
    /// `Host` names another server: the mark of DNS rebinding.
    ForeignHost,
    /// The request was made by a page of another site.
    CrossSite,
    /// An act, by somebody who may only look.
    ReadOnly,
    /// Too many wrong credentials came from this address; for so long no more are looked at.
    TooManyGuesses(Duration),
    /// Too many acts came from this address; the next one may come after that.
    TooManyActs(Duration),
    /// The body did not come in time.
    SlowBody,
}

// === impl Denied ===

impl Denied {
    /// How it is counted.
    pub(super) const fn counted(self) -> TurnedAway {
        match self {
            Self::Unauthorized => TurnedAway::Unauthorized,
            Self::NotNamed => TurnedAway::NotNamed,
            Self::NotLocal => TurnedAway::NotLocal,
            Self::ForeignHost => TurnedAway::ForeignHost,
            Self::CrossSite => TurnedAway::CrossSite,
            Self::ReadOnly => TurnedAway::ReadOnly,
            Self::TooManyGuesses(_) => TurnedAway::TooManyGuesses,
            Self::TooManyActs(_) => TurnedAway::TooManyActs,
            Self::SlowBody => TurnedAway::SlowBody,
        }
    }

    /// After how many seconds it is worth trying again.
    pub(super) fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooManyGuesses(wait) | Self::TooManyActs(wait) => Some(whole_seconds(wait)),
            _ => None,
        }
    }

    /// The answer to the request.
    pub fn problem(self) -> Problem {
        match self {
            Self::Unauthorized => Problem::new(
                401,
                "A token or a certificate is needed",
                "Send a token of [admin] as `Authorization: Bearer …` (lbctl: --token-file or LBCTL_TOKEN; a browser asks for it as a password, with any name), or, where [admin.tls.client_auth] asks for one, show a valid certificate (lbctl: --certificate and --key).",
            ),
            Self::NotNamed => Problem::new(
                403,
                "A certificate without a role",
                "None of the names in this certificate is in `operators` or `readers` of [admin.tls.client_auth]; names are compared whole.",
            ),
            Self::NotLocal => Problem::new(
                403,
                "Only from this machine",
                "Without tokens and client certificates the admin API serves loopback connections alone; set [admin].token_file or [admin.tls.client_auth] to use it from elsewhere.",
            ),
            Self::ForeignHost => Problem::new(
                403,
                "Another server's name",
                "The Host of this request is neither a loopback name nor the configured address; set [admin].token_file to use other names.",
            ),
            Self::CrossSite => Problem::new(
                403,
                "A request from another site",
                "A page of another origin made this request; the admin API does not take part in that.",
            ),
            Self::ReadOnly => Problem::new(
                403,
                "Only for operators",
                "This token or certificate has the role `reader` ([admin].read_token_file, [admin.tls.client_auth]): it may look, and change nothing. Acting needs the role `operator`: the token in [admin].token_file, or a certificate with a name in `operators`.",
            ),
            Self::TooManyGuesses(wait) => Problem::new(
                429,
                "Too many wrong credentials",
                format!(
                    "So many tokens or certificates from this address were refused that the next one is looked at in {} s, a right one too. Other addresses are not concerned.",
                    whole_seconds(wait)
                ),
            ),
            Self::TooManyActs(wait) => Problem::new(
                429,
                "Too many acts",
                format!(
                    "More acts came from this address than may at once; the next one is taken in {} s. Looking is not limited.",
                    whole_seconds(wait)
                ),
            ),
            Self::SlowBody => Problem::new(
                408,
                "The body did not come",
                "A body has ten seconds from the end of its request's head. Nothing was done.",
            ),
        }
    }
}

/// At least one: `Retry-After` knows no less.
fn whole_seconds(wait: Duration) -> u64 {
    let whole = wait.as_nanos().div_ceil(1_000_000_000).max(1);
    u64::try_from(whole).unwrap_or(u64::MAX)
}
