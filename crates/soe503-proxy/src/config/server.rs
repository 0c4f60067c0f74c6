//! The process itself: its name, its workers and its logs.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use super::{Name, StatusPolicy};
use crate::control::event_log::Levels;

/// The process as a whole: `[server]`.
///
/// # Defaults
///
/// - `name`: the host name
/// - `workers`: the number of cores
/// - `drain_delay`: `"0s"`
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
    /// How long a process that is told to end serves on while `/readyz` says that it is not ready.
    pub drain_delay: Duration,
    /// How long a shutdown waits for requests that are in flight, once the listeners are closed.
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

/// The event log: `[log]`.
///
/// # Defaults
///
/// - `level`: `"info"`
/// - `format`: `"text"`
/// - `path`: `"stderr"`
/// - `lines_per_second`: `5`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// Which lines are written.
    pub level: Levels,
    /// How they are written.
    pub format: LogFormat,
    /// Where they go.
    pub path: LogPath,
    /// So many of one kind a second; zero: no limit.
    pub lines_per_second: u32,
}

/// How lines of the event log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Where the event log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogPath {
    /// To standard output.
    Stdout,
    /// To standard error.
    #[default]
    Stderr,
    /// To the end of this file, which is created if need be.
    File(PathBuf),
}

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

impl Default for Log {
    fn default() -> Self {
        Self {
            level: Levels::default(),
            format: LogFormat::Text,
            path: LogPath::Stderr,
            lines_per_second: 5,
        }
    }
}
