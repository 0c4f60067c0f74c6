//! What is known around a failed request, beside its own attempts.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Tick;
use crate::breaker::{BreakerSnapshot, State};
use crate::cause::Cause;
use crate::health::Hints;
use crate::metastable::{Stage, Why};

use super::rules::Findings;

/// The state of the world when a request failed. Shells fill in what they know; everything left
/// at its default counts as not known, never as fine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The moment of the diagnosis.
    pub now: Tick,
    /// The pool's name.
    pub pool: Option<Arc<str>>,
    /// The pool's backends.
    pub backends: BackendViews,
    /// The pool's circuit, if it has one.
    pub circuit: Option<CircuitView>,
    /// What is known to lie behind an overload or a refusal of ours.
    pub root: Option<Cause>,
    /// How far the pool's overload has been cut because it keeps itself going, and by which numbers.
    pub metastable: Option<(Stage, Why)>,
    /// Why names of backends do not resolve, if the pool is empty because of that.
    pub unresolved: Option<Cause>,
    /// How long 99 % of answers take at most when all is well.
    pub usual_p99: Option<Duration>,
    /// Established connections to the backends still make progress. `None`: not known.
    pub pooled_alive: Option<bool>,
    /// What rules found about the pool, lately.
    pub findings: Option<Arc<Findings>>,
}

/// A pool's backends. Clones share them, because thousands of failures may see the same; whoever changes one has a copy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackendViews(Arc<Vec<BackendView>>);

/// One backend, as the pool sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackendView {
    /// Its name.
    pub name: Arc<str>,
    /// Its address as text.
    pub address: Option<Arc<str>>,
    /// What it is to the pool.
    pub condition: Condition,
    /// Why, if it is out of rotation or degraded.
    pub cause: Option<Cause>,
    /// Since when.
    pub since: Option<Tick>,
    /// What the body of its last health check says is not well.
    pub hints: Option<Arc<Hints>>,
}

/// What a backend is to its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// In rotation.
    Up,
    /// Out, by an active check.
    Down,
    /// Out, by passive evidence.
    Ejected,
    /// Gets no new requests.
    Draining,
    /// Out, by an operator.
    Disabled,
    /// Not checked yet.
    Starting,
    /// In rotation with a growing share.
    Warming,
}

/// A circuit that refuses, as its breaker sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CircuitView {
    /// The rule that opened it.
    pub rule: Cause,
    /// What is wrong behind it, by the newest evidence: [`Trip::root`](crate::breaker::Trip::root).
    pub root: Option<Cause>,
    /// All causes of the failures that opened it, each with its count.
    pub causes: Vec<(Cause, u32)>,
    /// When it opened.
    pub opened_at: Tick,
    /// When it lets a probe through.
    pub retry_at: Option<Tick>,
    /// The last probe: when, and what it failed with.
    pub last_probe: Option<(Tick, Cause)>,
    /// Knocks at the backends that failed since: when, and why.
    pub knocked: Option<(Tick, Cause)>,
}

// === impl CircuitView ===

impl CircuitView {
    /// What `snapshot` shows of a circuit; `None`: all is well with it.
    pub fn of(snapshot: &BreakerSnapshot) -> Option<Self> {
        if snapshot.state == State::Closed {
            return None;
        }
        let trip = snapshot.trip.as_ref()?;
        Some(Self {
            rule: trip.cause,
            root: trip.root,
            causes: trip.causes.to_vec(),
            opened_at: snapshot.opened_at.unwrap_or(trip.at),
            retry_at: snapshot.retry_at,
            last_probe: trip
                .last_probe
                .and_then(|probe| Some((probe.at, probe.cause?))),
            knocked: trip.knocked.map(|knocked| (knocked.at, knocked.cause)),
        })
    }
}

// === impl Context ===

impl Context {
    /// Nothing known but the time.
    pub fn new(now: Tick) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    /// The backend with this name.
    pub fn backend(&self, name: &str) -> Option<&BackendView> {
        self.backends.iter().find(|backend| *backend.name == *name)
    }
}

// === impl BackendViews ===

impl From<Vec<BackendView>> for BackendViews {
    fn from(views: Vec<BackendView>) -> Self {
        Self(Arc::new(views))
    }
}

impl<const N: usize> From<[BackendView; N]> for BackendViews {
    fn from(views: [BackendView; N]) -> Self {
        Self(Arc::new(views.into()))
    }
}

impl FromIterator<BackendView> for BackendViews {
    fn from_iter<I: IntoIterator<Item = BackendView>>(views: I) -> Self {
        Self(Arc::new(views.into_iter().collect()))
    }
}

impl Deref for BackendViews {
    type Target = Vec<BackendView>;

    fn deref(&self) -> &Vec<BackendView> {
        &self.0
    }
}

impl DerefMut for BackendViews {
    fn deref_mut(&mut self) -> &mut Vec<BackendView> {
        Arc::make_mut(&mut self.0)
    }
}

// === impl Condition ===

impl Condition {
    /// Requests are sent to it.
    pub const fn in_rotation(self) -> bool {
        matches!(self, Self::Up | Self::Warming)
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::Draining => "draining",
            Self::Disabled => "disabled",
            Self::Starting => "starting",
            Self::Warming => "warming",
        }
    }
}
