//! What a backend's health document says: hints about what is wrong behind it.
//!
//! A few formats, told apart by their members and not by their names:
//!
//! - `application/health+json` (draft-inadarei-api-health-check): `status` is `pass`, `warn` or
//!   `fail`; `checks` is an object of lists, `output` says what is wrong.
//! - Spring Boot's actuator: `status` is `UP`, `DOWN`, `OUT_OF_SERVICE` or `UNKNOWN`; `components`
//!   (`details` before 2.2) is an object of the same, `details.error` says what is wrong.
//! - MicroProfile Health: `checks` is a list with a `name` and a `status` each. ASP.NET Core says the
//!   same in `entries`, with `Healthy`, `Degraded` and `Unhealthy`.
//!
//! Hints decide nothing. The status of the answer does, and a document that contradicts it is not
//! asked. What comes in is hostile: it is bounded ([`Hints::LARGEST`]), so is what is kept of it,
//! and nothing of it but text without control characters gets out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use serde_json::{Map, Value};

use crate::explain::cleaned;

/// What is not well, by a backend's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hints {
    /// What it says of itself.
    pub level: Level,
    /// What it says is wrong, where it says more than that.
    pub output: Option<Arc<str>>,
    /// The components that are not well, failing ones first; [`Hints::MOST`] of them.
    pub components: Vec<Component>,
}

/// A component that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Component {
    /// What it is called: `db`, `diskSpace`, `cassandra:responseTime`.
    pub name: Arc<str>,
    /// How unwell it is.
    pub level: Level,
    /// What is wrong with it.
    pub output: Option<Arc<str>>,
    /// It is a part of the backend's own machine (a disk, the memory) and nothing that several
    /// backends share.
    pub own: bool,
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Not at all.
    Fail,
    /// It works, and something is wrong.
    Warn,
    /// Nothing is known to be wrong.
    Pass,
}

/// How deep components of components are looked at.
const DEEPEST: usize = 4;
const LONGEST_NAME: usize = 64;
const LONGEST_OUTPUT: usize = 160;

// === impl Hints ===

impl Hints {
    /// The most bytes of a document that are read.
    pub const LARGEST: usize = 16 * 1024;
    /// The most components that are kept.
    pub const MOST: usize = 8;

    /// What `document` says that the backend runs: its `releaseId`, or its `version`
    /// (draft-inadarei-api-health-check §3.2, §3.3).
    pub fn release(document: &[u8]) -> Option<Arc<str>> {
        if document.len() > Self::LARGEST {
            return None;
        }
        let Value::Object(root) = serde_json::from_slice(document).ok()? else {
            return None;
        };
        let said = ["releaseId", "version"].map(|name| root.get(name).and_then(Value::as_str));
        let mut said = said.into_iter().flatten();
        said.find_map(release)
    }

    /// Whether a body of this `Content-Type` may be a health document.
    pub fn may_be(content_type: &str) -> bool {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let (_, subtype) = media.split_once('/').unwrap_or_default();
        let subtype = subtype.to_ascii_lowercase();
        subtype == "json" || subtype.ends_with("+json")
    }

    /// What `document` says is not well; `None` if it is none, or if all is well.
    pub fn read(document: &[u8]) -> Option<Self> {
        if document.len() > Self::LARGEST {
            return None;
        }
        let Value::Object(root) = serde_json::from_slice(document).ok()? else {
            return None;
        };
        let mut components = Vec::new();
        inside(&root, "", 0, &mut components);
        components.sort_by_key(|component: &Component| component.level);
        components.truncate(Self::MOST);
        // A document says of itself how it is. One that only has the members by chance does not.
        let level = level(&root)?;
        let hints = Self {
            level,
            output: output(&root),
            components,
        };
        (level != Level::Pass || !hints.components.is_empty()).then_some(hints)
    }

    /// The release that a `Server` field names: `shop/2.8.0`. A name without a version says nothing.
    pub fn server(field: &str) -> Option<Arc<str>> {
        release(field).filter(|release| release.contains('/'))
    }

    /// The components that fail.
    pub fn failing(&self) -> impl Iterator<Item = &Component> {
        let fails = |component: &&Component| component.level == Level::Fail;
        self.components.iter().filter(fails)
    }

    /// What fails is a disk, and nothing else.
    pub(super) fn is_disk(&self) -> bool {
        let mut failing = self.failing().peekable();
        failing.peek().is_some()
            && failing.all(|component| component.name.to_ascii_lowercase().contains("disk"))
    }

    /// In words: `db fails: connection refused; cache warns`.
    pub fn text(&self) -> String {
        let said = |name: &str, level: Level, output: Option<&str>| {
            let verb = match level {
                Level::Fail => "fails",
                Level::Warn => "warns",
                Level::Pass => "passes",
            };
            match output {
                Some(output) => format!("{name} {verb}: {output}"),
                None => format!("{name} {verb}"),
            }
        };
        if self.components.is_empty() {
            return said("the backend", self.level, self.output.as_deref());
        }
        let parts = self.components.iter().map(|component| {
            said(
                &component.name,
                component.level,
                component.output.as_deref(),
            )
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

// === impl Level ===

impl Level {
    /// `pass`, `warn` or `fail`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Pass => "pass",
        }
    }
}

/// Adds the components of `object` that are not well. A component that consists of others that are
/// not well is not named itself: they say more.
fn inside(object: &Map<String, Value>, path: &str, depth: usize, found: &mut Vec<Component>) {
    if depth == DEEPEST {
        return;
    }
    for member in ["checks", "components", "details", "entries"] {
        match object.get(member) {
            Some(Value::Object(named)) => {
                for (name, value) in named {
                    each(name, value, path, depth, found);
                }
            }
            Some(Value::Array(list)) => {
                for value in list {
                    if let Some(Value::String(name)) = value.get("name") {
                        each(name, value, path, depth, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// One component, or the list of its measurements.
fn each(name: &str, value: &Value, path: &str, depth: usize, found: &mut Vec<Component>) {
    let object = match value {
        Value::Object(object) => Some(object),
        Value::Array(list) => {
            let objects = list.iter().filter_map(Value::as_object);
            objects.min_by_key(|object| level(object).unwrap_or(Level::Pass))
        }
        _ => None,
    };
    let Some(object) = object else { return };
    let (Some(level), before) = (level(object), found.len()) else {
        return;
    };
    let name = match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    inside(object, &name, depth + 1, found);
    if level == Level::Pass || found.len() > before {
        return;
    }
    let kind = object.get("componentType").and_then(Value::as_str);
    let lower = name.to_ascii_lowercase();
    found.push(Component {
        own: kind == Some("system")
            || ["disk", "memory", "cpu", "uptime"]
                .iter()
                .any(|own| lower.contains(own)),
        name: cleaned(&name, LONGEST_NAME).into(),
        level,
        output: output(object),
    });
}

fn release(text: &str) -> Option<Arc<str>> {
    let text = cleaned(text.trim(), LONGEST_NAME);
    (!text.is_empty()).then(|| text.into())
}

/// What `object` says of itself, if it does.
fn level(object: &Map<String, Value>) -> Option<Level> {
    let word = object.get("status")?.as_str()?.to_ascii_lowercase();
    Some(match word.as_str() {
        "pass" | "ok" | "up" | "healthy" => Level::Pass,
        "warn" | "warning" | "degraded" | "unknown" => Level::Warn,
        "fail" | "error" | "down" | "out_of_service" | "unhealthy" => Level::Fail,
        _ => return None,
    })
}

/// What is wrong, in its own words.
fn output(object: &Map<String, Value>) -> Option<Arc<str>> {
    let nested = |of: &str, name: &str| object.get(of).and_then(|details| details.get(name));
    [
        object.get("output"),
        nested("details", "error"),
        nested("details", "message"),
        nested("data", "error"),
        object.get("description"),
        object.get("error"),
    ]
    .into_iter()
    .flatten()
    .filter_map(Value::as_str)
    .map(str::trim)
    .find(|text| !text.is_empty())
    .map(|text| cleaned(text, LONGEST_OUTPUT).into())
}
