//! The process itself: its name, its workers, its admin API and its access log.

use std::{fmt, net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use super::{Name, StatusPolicy};

/// The process as a whole: `[server]`.
///
/// # Defaults
///
/// - `name`: the host name
/// - `workers`: the number of cores
/// - `shutdown_grace`: `"30s"`
/// - `status`: `"default"`
/// - `zone`: zones do not matter
/// - `follow_config`: `false`
/// - `upgrade_socket`: no process can take over from this one
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// What the server calls itself in `Proxy-Status`.
    pub name: Name,
    /// Number of worker threads, each with its own listeners and connection pools.
    pub workers: NonZeroUsize,
    /// How long a shutdown waits for requests that are in flight.
    pub shutdown_grace: Duration,
    /// Which status a failure of the proxy's own gets.
    pub status: StatusPolicy,
    /// Where the proxy stands: backends of this zone are preferred.
    pub zone: Option<Name>,
    /// The config file is put in force when it has changed on disk.
    pub follow_config: bool,
    /// Where a new process asks for the listening sockets.
    pub upgrade_socket: Option<PathBuf>,
}

/// The admin API: `[admin]`.
///
/// # Defaults
///
/// - `enabled`: `true`
/// - `address`: `"127.0.0.1:9503"`
/// - `token_file`: no secret; the address must be a loopback address
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may use it.
    pub access: AdminAccess,
}

/// Who may use the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAccess {
    /// Everybody on this machine: the address is a loopback address.
    Loopback,
    /// Whoever presents this token.
    Token(AdminToken),
}

/// The secret of the admin API: what `token_file` contains, without surrounding white space.
///
/// Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(String);

/// Where the access log goes: `[access_log]`.
///
/// # Defaults
///
/// - `path`: `"off"`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessLog {
    /// Nowhere.
    #[default]
    Off,
    /// To standard output.
    Stdout,
    /// To standard error.
    Stderr,
    /// To the end of this file, which is created if need be.
    File(PathBuf),
}

/// How incidents are kept: `[incidents]`.
///
/// # Defaults
///
/// - `close_after`: `"30s"`
/// - `backend_out_after`: `"2m"`
/// - `external_url`: alerts have no link to it
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncidentSettings {
    /// How long there must be no failure worth mentioning before one is closed.
    pub close_after: Duration,
    /// How long a backend must be out of rotation before that is one; zero: it never is.
    pub backend_out_after: Duration,
    /// Where people reach the admin API, without a slash at its end.
    pub external_url: Option<std::sync::Arc<str>>,
}

// === impl AdminToken ===

impl AdminToken {
    /// The shortest token.
    pub const MIN_LEN: usize = 16;

    /// The token in `contents` of a token file.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn new(contents: &str) -> Result<Self, String> {
        let token = contents.trim();
        if token.len() < Self::MIN_LEN {
            let min = Self::MIN_LEN;
            return Err(format!("a token has at least {min} characters"));
        }
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("a token is one word of printable ASCII characters".into());
        }
        Ok(Self(token.into()))
    }

    /// Whether `presented` is the token. Takes the same time wherever the two differ, so that
    /// an attacker cannot find it character by character.
    pub fn matches(&self, presented: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), presented.as_bytes());
        let mut difference = ours.len() ^ theirs.len();
        for (i, byte) in ours.iter().enumerate() {
            difference |= usize::from(byte ^ theirs.get(i).copied().unwrap_or(0));
        }
        difference == 0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_matches_itself_alone_and_is_not_shown() {
        let token = AdminToken::new(" 0123456789abcdef\n").unwrap();
        assert!(token.matches("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcdeF",
            "0123456789abcde",
            "0123456789abcdef0",
        ] {
            assert!(!token.matches(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "AdminToken(..)");
    }

    #[test]
    fn short_and_unprintable_tokens_are_refused() {
        assert!(AdminToken::new("short").is_err());
        assert!(AdminToken::new("two words are not a token").is_err());
        assert!(AdminToken::new("").is_err());
    }
}
