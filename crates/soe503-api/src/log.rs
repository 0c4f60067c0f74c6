//! The event log: `GET /api/v1/log`, and the levels that are set for a while by `POST`.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Which lines of the event log are written, how, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Log {
    /// The levels in force: one for everything, and others for single modules, as in
    /// `info,soe503_proxy::control=debug`.
    pub level: String,
    /// Those of the configuration, or of `SOE503_LOG`, to which `level` returns.
    pub configured: String,
    /// What an operator has set for a while; `null`: nothing.
    pub temporary: Option<TemporaryLevel>,
    /// `text` or `json`.
    pub format: String,
    /// `stderr`, `stdout` or a file.
    pub path: String,
    /// Lines of one kind that are written a second; 0: no limit.
    pub lines_per_second: u32,
    /// Lines so far.
    pub lines: LogLines,
}

/// Levels that end by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemporaryLevel {
    /// Until when.
    pub until: Timestamp,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// Who wanted it, if somebody said so.
    pub by: Option<String>,
}

/// Lines of the event log since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLines {
    /// Written, of the level `error`.
    pub error: u64,
    /// Written, of the level `warn`.
    pub warn: u64,
    /// Written, of the level `info`.
    pub info: u64,
    /// Written, of the level `debug`.
    pub debug: u64,
    /// Written, of the level `trace`.
    pub trace: u64,
    /// Told as a number, because there were too many of their kind.
    pub suppressed: u64,
    /// Lost, because they could not be written, or not fast enough.
    pub dropped: u64,
}

/// Sets levels for a while, or ends that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LogRequest {
    /// The levels. `null`: those of the configuration again.
    pub level: Option<String>,
    /// Until when: at most a day from now. Default: ten minutes from now.
    pub until: Option<Timestamp>,
    /// Why, for whoever looks next. Default: none.
    pub reason: Option<String>,
    /// Who wants it so, for colleagues. Default: nobody says.
    pub by: Option<String>,
}
