//! Why the proxy did not start, and why a configuration was not taken over.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::fixed::Fixed;
use crate::handover::ActivationError;
use crate::{config, control};

/// Why the proxy did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener's address could not be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// Sockets were passed that no listener has the address of.
    #[error(
        "passed were sockets that no listener is for: {0}; listeners are told by their addresses"
    )]
    Unwanted(String),
    /// What was passed cannot be used.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// The running process could not be replaced. It serves on.
    #[error("cannot take over: {0}")]
    Upgrade(String),
    /// No successor could ask for our sockets.
    #[error("cannot open the upgrade socket {}: {source}", path.display())]
    UpgradeSocket {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The event log could not be opened.
    #[error("cannot open the event log (`path` of [log]): {0}")]
    EventLog(#[source] io::Error),
    /// The access log could not be opened.
    #[error("cannot open the access log: {0}")]
    AccessLog(#[source] io::Error),
    /// A worker thread could not be started.
    #[error("cannot start a worker: {0}")]
    Worker(#[source] io::Error),
    /// The control plane could not be started.
    #[error("cannot start the control plane: {0}")]
    Control(#[source] control::StartError),
}

/// Why a configuration was not taken over. The old one stays in force.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReloadError {
    /// There is no file to read again.
    NoFile,
    /// The file is not valid.
    Invalid(Box<config::Report>),
    /// Something changed that only a restart can change.
    NeedsRestart(Fixed),
    /// The event log could not be opened.
    EventLog(io::Error),
    /// A mistake in this program.
    Panicked,
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => {
                f.write_str("the proxy was started without a config file: nothing to reload")
            }
            Self::Invalid(report) => f.write_str(&report.render(false)),
            Self::NeedsRestart(what) => write!(f, "{what} changed, which needs a restart"),
            Self::EventLog(error) => {
                write!(
                    f,
                    "the event log (`path` of [log]) cannot be opened: {error}"
                )
            }
            Self::Panicked => f.write_str(
                "reading it failed in a way that should not be possible; please report it",
            ),
        }
    }
}

impl std::error::Error for ReloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::EventLog(error) => Some(error),
            _ => None,
        }
    }
}
