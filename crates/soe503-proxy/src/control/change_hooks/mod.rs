//! Changes as other systems tell of them. Pure: from the body of a webhook to change markers.
//!
//! | source | what is a change |
//! | --- | --- |
//! | GitHub | `deployment`, and `deployment_status` when it is in progress, succeeded or failed |
//! | Argo CD | a notification with the application, whose sync runs or has ended |
//! | Alertmanager | a firing alert of its webhook, version 4; its labels `change`, `service` and `version` say what |
//!
//! Fields are read by name, and what is missing is left out: these documents are large and differ between versions. Whoever configures
//! the webhook can say in the query what it concerns: `?service=cart`, `?pools=cart,search`, `?everything=true`.
//!
//! Failure mode: a document that is not understood is refused with the name of what is missing, and counted.

mod alertmanager;
mod argocd;
mod github;
#[cfg(test)]
mod tests;

use serde_json::Value;
use soe503_api::{ChangeRequest, Timestamp};

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Alertmanager's webhook receiver.
    Alertmanager,
    /// Argo CD's notifications.
    ArgoCd,
    /// GitHub's webhooks.
    GitHub,
}

/// What a webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Something was changed; at most 32 of them.
    Changes(Vec<ChangeRequest>),
    /// Nothing that counts, and why not.
    Nothing(String),
}

/// As many changes of one document are taken.
const MOST: usize = 32;
/// The longest text of a marker, in bytes; longer ones are cut.
const LONGEST: usize = 200;

/// Reads what `source` sent. `event` is the name that GitHub gives in a header.
///
/// # Errors
///
/// What is missing in it, in a sentence.
pub fn read(source: Source, event: Option<&str>, body: &[u8]) -> Result<Read, String> {
    let document: Value =
        serde_json::from_slice(body).map_err(|error| format!("The body is not JSON: {error}."))?;
    let read = match source {
        Source::Alertmanager => alertmanager::read(&document)?,
        Source::ArgoCd => argocd::read(&document)?,
        Source::GitHub => github::read(event, &document)?,
    };
    Ok(match read {
        Read::Changes(mut changes) => {
            changes.truncate(MOST);
            Read::Changes(changes)
        }
        nothing => nothing,
    })
}

// === impl Source ===

impl Source {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alertmanager, Self::ArgoCd, Self::GitHub];

    /// As it stands in the path.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::ArgoCd => "argocd",
            Self::GitHub => "github",
        }
    }

    /// The one called so.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }
}

/// The text at a path of names that are divided by dots, if there is any; cut where it is too long.
fn text(document: &Value, path: &str) -> Option<String> {
    let found = path
        .split('.')
        .try_fold(document, |value, name| value.get(name))?;
    let text = found.as_str()?.trim();
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (!text.is_empty()).then(|| text[..end].to_owned())
}

/// The date at a path: RFC 3339, with any offset.
fn date(document: &Value, path: &str) -> Option<Timestamp> {
    let text = text(document, path)?;
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    // With an offset, as Go and GitHub's older documents write it.
    let split = text.len().checked_sub(6)?;
    let (local, offset) = (text.get(..split)?, text.get(split..)?);
    let (sign, hours, minutes) = (offset.get(..1)?, offset.get(1..3)?, offset.get(4..)?);
    let seconds = hours.parse::<u64>().ok()? * 3600 + minutes.parse::<u64>().ok()? * 60;
    let local: Timestamp = format!("{local}Z").parse().ok()?;
    let millis = match sign {
        "+" => local.unix_millis().checked_sub(seconds * 1000)?,
        "-" => local.unix_millis().checked_add(seconds * 1000)?,
        _ => return None,
    };
    Some(Timestamp::from_unix_millis(millis))
}

/// A revision as people write it: seven digits of a commit.
fn short(revision: &str) -> String {
    let is_commit = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
    match is_commit {
        true => revision[..7].to_owned(),
        false => revision.to_owned(),
    }
}
