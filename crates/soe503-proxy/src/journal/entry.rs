//! What is stored.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What an entry is about. Each kind has tables of its own, and a share of the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A failed request, by its id.
    Failure,
    /// An incident, by its id; written again whenever it changes.
    Incident,
    /// A change marker, by its id.
    Change,
}

/// One thing to remember. An entry with the kind and the id of an earlier one replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// By what it is found; at most [`Entry::MAX_ID`] bytes.
    pub id: Arc<str>,
    /// When it was, in milliseconds since 1970 (UTC): by this it is sorted, and grows old.
    pub at: u64,
    /// The version of the form of `body`.
    pub version: u8,
    /// The thing itself; at most [`Entry::MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

/// An entry as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// By what it is found.
    pub id: String,
    /// When it was, in milliseconds since 1970 (UTC).
    pub at: u64,
    /// The version of the form of `body`.
    pub version: u8,
    /// The thing itself.
    pub body: Vec<u8>,
}

/// Why an entry that is there cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Another version wrote it.
    #[error("it has the form {found}, and this version reads {expected}")]
    Version {
        /// What it has.
        found: u8,
        /// What the reader knows.
        expected: u8,
    },
    /// It is not what it says it is.
    #[error("it is not what was written: {0}")]
    Form(#[from] serde_json::Error),
}

/// Bytes before the id of a value: the version and the length of the id.
const HEAD: usize = 3;

// === impl Kind ===

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Failure, Self::Incident, Self::Change];

    /// `failure`, `incident` or `change`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Incident => "incident",
            Self::Change => "change",
        }
    }

    /// Eighths of the room that it keeps while others want it: failures come in floods, and must not push out
    /// what the flood was about.
    pub(super) const fn eighths(self) -> u64 {
        match self {
            Self::Failure => 4,
            Self::Incident => 3,
            Self::Change => 1,
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

// === impl Entry ===

impl Entry {
    /// The longest id, in bytes.
    pub const MAX_ID: usize = 512;
    /// The largest body, in bytes.
    pub const MAX_BODY: usize = 64 * 1024;

    /// An entry with `value` as JSON, in the form `version`.
    ///
    /// # Errors
    ///
    /// If `value` is nothing that JSON can say, such as a map by something else than text.
    pub fn json(
        kind: Kind,
        id: Arc<str>,
        at: u64,
        version: u8,
        value: &impl Serialize,
    ) -> serde_json::Result<Self> {
        Ok(Self {
            kind,
            id,
            at,
            version,
            body: serde_json::to_vec(value)?,
        })
    }

    /// Whether it is small enough to be stored.
    pub(super) fn fits(&self) -> bool {
        self.id.len() <= Self::MAX_ID && self.body.len() <= Self::MAX_BODY
    }

    /// What it costs, in bytes of the file's own measure: value, index and what a tree keeps for each.
    pub(super) fn cost(&self) -> u64 {
        cost(self.id.len(), self.body.len())
    }

    /// The value of the table: version, length of the id, id, body.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let length = u16::try_from(self.id.len()).unwrap_or(u16::MAX);
        out.clear();
        out.reserve(HEAD + self.id.len() + self.body.len());
        out.push(self.version);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.body);
    }
}

/// See [`Entry::cost`].
const fn cost(id: usize, body: usize) -> u64 {
    (body + 2 * id + 64) as u64
}

/// The version, the id and the body in a value of the table; `None` if [`Entry::encode`] did not make it.
pub(super) fn decode(value: &[u8]) -> Option<(u8, &str, &[u8])> {
    let (head, rest) = value.split_at_checked(HEAD)?;
    let [version, low, high] = *head else {
        return None;
    };
    let (id, body) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
    Some((version, std::str::from_utf8(id).ok()?, body))
}

/// What the entry with this value costs.
pub(super) fn cost_of(value: &[u8]) -> u64 {
    match decode(value) {
        Some((_, id, body)) => cost(id.len(), body.len()),
        None => cost(0, value.len()),
    }
}

// === impl Stored ===

impl Stored {
    /// What [`Entry::json`] has put in, if it was in the form `version`.
    ///
    /// # Errors
    ///
    /// See [`Unreadable`].
    pub fn json<T: DeserializeOwned>(&self, version: u8) -> Result<T, Unreadable> {
        if self.version != version {
            return Err(Unreadable::Version {
                found: self.version,
                expected: version,
            });
        }
        Ok(serde_json::from_slice(&self.body)?)
    }

    pub(super) fn decode(at: u64, value: &[u8]) -> Option<Self> {
        let (version, id, body) = decode(value)?;
        Some(Self {
            id: id.to_owned(),
            at,
            version,
            body: body.to_vec(),
        })
    }
}
