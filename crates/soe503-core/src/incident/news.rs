//! What has become of incidents.

use std::sync::Arc;

/// Something has happened to the incident with this id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum News {
    /// It was opened.
    Opened(Arc<str>),
    /// It has come back after it was closed.
    Reopened(Arc<str>),
    /// More is known about it.
    Updated(Arc<str>),
    /// It is over.
    Closed(Arc<str>),
}

impl News {
    /// Which incident.
    pub const fn id(&self) -> &Arc<str> {
        match self {
            Self::Opened(id) | Self::Reopened(id) | Self::Updated(id) | Self::Closed(id) => id,
        }
    }
}
