//! Who is told of incidents, and who tells of changes.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use soe503_core::alert::Interest;

use super::keys::alert_url;
use super::secret::short_file;
use super::{BackendTls, Name, Scheme, Target};

/// Who is told of incidents: `[alerts.NAME]`.
///
/// # Defaults
///
/// - `kind`: required
/// - `url`: as `url_file` says; PagerDuty's if `kind` is `pagerduty`
/// - `url_file`: `url` says it
/// - `secret_file`: none; `pagerduty` and `grafana` need one
/// - `ca`: the authorities that the system trusts
/// - `severity`: `"info"`
/// - `grade`: `"suspected"`
/// - `causes`: all
/// - `pools`: all
/// - `on`: `["opened", "grew", "closed"]`
/// - `grew_by`: `10`
/// - `timeout`: `"10s"`
/// - `max_per_minute`: `60`
/// - `give_up_after`: `"1h"`
/// - `resend_every`: `"1m"` for `alertmanager`, never for others
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: AlertKind,
    /// Where it is.
    pub address: AlertAddress,
    /// The secret, if it has one.
    pub secret: Option<AlertSecret>,
    /// What is told.
    pub interest: Interest,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Messages in a minute, at most.
    pub max_per_minute: NonZeroU32,
    /// How long a message is tried.
    pub give_up_after: Duration,
    /// How often what goes on is told again; `None`: never.
    pub resend_every: Option<Duration>,
    /// TLS, if it is spoken.
    pub tls: Option<BackendTls>,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertKind {
    /// Slack's incoming webhooks, with Block Kit.
    Slack,
    /// PagerDuty's Events API v2.
    PagerDuty,
    /// Alertmanager's API v2.
    Alertmanager,
    /// Grafana's annotations.
    Grafana,
    /// The incident as JSON, signed as Standard Webhooks say.
    Webhook,
}

/// Where a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertAddress {
    /// As the config says.
    Written(AlertUrl),
    /// As this file says; what it said when the config was read.
    InFile(PathBuf, AlertUrl),
}

/// A URL that messages are sent to. Its path may be a secret: no form that is shown has it.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertUrl {
    /// Whether TLS is spoken.
    pub scheme: Scheme,
    /// Where it is.
    pub target: Target,
    path: Arc<str>,
}

/// A secret in a file. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertSecret {
    path: PathBuf,
    value: Arc<[String]>,
}

/// Change markers that other systems send: `[changes]`.
///
/// # Defaults
///
/// - `github_secret_file`: nothing is taken from GitHub
/// - `max_per_minute`: `60`
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeHooks {
    /// What GitHub signs with.
    pub github: Option<AlertSecret>,
    /// Changes in a minute that are taken.
    pub max_per_minute: NonZeroU32,
}

// === impl Alert ===

impl Alert {
    /// Whether the path of its URL lets anybody write to it who knows it.
    pub(crate) const fn has_secret_path(&self) -> bool {
        matches!(self.kind, AlertKind::Slack | AlertKind::Webhook)
            || matches!(self.address, AlertAddress::InFile(..))
    }
}

// === impl AlertKind ===

impl AlertKind {
    /// As it is written in a file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::Webhook => "webhook",
        }
    }

    /// What its secret must look like; the secrets in `contents` of a file.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong, without the secret.
    pub(crate) fn secrets(self, contents: &str) -> Result<Vec<String>, String> {
        match self {
            Self::Webhook => {
                let keys = lines(contents, 4, |b| b.is_ascii_graphic())?;
                match keys.iter().all(|key| webhook_key(key).is_some()) {
                    true => Ok(keys),
                    false => Err("a key is `whsec_` and the base64 of 24 to 64 bytes".into()),
                }
            }
            _ => lines(contents, 1, |b| b.is_ascii_graphic()),
        }
    }
}

/// The bytes of a key of a webhook (Standard Webhooks, "Symmetric").
pub(crate) fn webhook_key(text: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// What is in each of at most so many lines, of bytes that may be there.
fn lines(contents: &str, most: usize, valid: fn(u8) -> bool) -> Result<Vec<String>, String> {
    let words = contents.lines().map(str::trim);
    let words: Vec<String> = words.filter(|w| !w.is_empty()).map(str::to_owned).collect();
    if words.is_empty() {
        return Err("there is no secret in it".into());
    }
    if words.len() > most {
        return Err(format!("expected at most {most} lines"));
    }
    let word = |word: &String| word.len() <= 1024 && word.bytes().all(valid);
    match words.iter().all(word) {
        true => Ok(words),
        false => Err("a secret is one word of at most 1024 printable ASCII characters".into()),
    }
}

// === impl AlertAddress ===

impl AlertAddress {
    /// Where it was when the config was read.
    pub const fn url(&self) -> &AlertUrl {
        match self {
            Self::Written(url) | Self::InFile(_, url) => url,
        }
    }

    /// Where it is now. It may wait for the disk.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used.
    pub(crate) fn read(&self) -> Result<AlertUrl, String> {
        match self {
            Self::Written(url) => Ok(url.clone()),
            Self::InFile(path, _) => {
                let contents = short_file(path)?;
                alert_url(contents.trim()).map_err(|why| format!("{}: {why}", path.display()))
            }
        }
    }
}

// === impl AlertUrl ===

impl AlertUrl {
    pub(super) fn new(scheme: Scheme, target: Target, path: &str) -> Self {
        Self {
            scheme,
            target,
            path: path.into(),
        }
    }

    /// The path, with its query, of a request.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Scheme, host and port: what can be shown.
    pub fn origin(&self) -> String {
        let default = self.target.port() == Some(self.scheme.port().get());
        match default {
            true => format!("{}://{}", self.scheme.id(), self.target.host()),
            false => format!("{}://{}", self.scheme.id(), self.target),
        }
    }

    /// With the path, for where that is known to be no secret. A query may be one.
    pub(crate) fn shown(&self) -> String {
        match self.path.split_once('?') {
            Some((path, _)) => format!("{}{path}?(not shown)", self.origin()),
            None => format!("{}{}", self.origin(), self.path),
        }
    }
}

impl fmt::Debug for AlertUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlertUrl({}/..)", self.origin())
    }
}

// === impl AlertSecret ===

impl AlertSecret {
    /// The secrets in the file at `path`, as `parse` reads them.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used.
    pub(super) fn load(
        path: PathBuf,
        parse: impl Fn(&str) -> Result<Vec<String>, String>,
    ) -> Result<Self, String> {
        let contents = short_file(&path)?;
        let value = parse(&contents).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self {
            path,
            value: value.into(),
        })
    }

    /// Up to four secrets, one in each line, that others sign with.
    pub(super) fn words(contents: &str) -> Result<Vec<String>, String> {
        lines(contents, 4, |b| (b' '..=b'~').contains(&b))
    }

    /// The same file as it is now. It may wait for the disk.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(crate) fn again(&self, kind: AlertKind) -> Result<Self, String> {
        Self::load(self.path.clone(), |contents| kind.secrets(contents))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secrets, at least one.
    pub(crate) fn all(&self) -> &[String] {
        &self.value
    }
}

impl fmt::Debug for AlertSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertSecret")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
