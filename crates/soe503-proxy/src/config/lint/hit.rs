//! What one lint found.

use super::{KeyPath, Lint, look::Look};

/// One place where a trap is.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    /// The key.
    pub(super) key: KeyPath,
    /// What it is now, as TOML.
    pub(super) now: String,
    /// What is wrong here: a sentence without a full stop.
    pub(super) said: String,
    /// What to set: a key relative to the same table, and its value as TOML.
    pub(super) set: Option<(&'static str, String)>,
    /// What to do, if it is not to set a value or that is not all.
    pub(super) advice: Option<String>,
    /// Another key that matters, and why.
    pub(super) also: Option<(KeyPath, String)>,
}

/// What one lint found so far.
#[derive(Debug, Default)]
pub(super) struct Hits(Vec<Hit>);

// === impl Hit ===

impl Hit {
    /// The key, its value as TOML, and what is wrong with it.
    pub(super) fn new(key: KeyPath, now: impl Into<String>, said: impl Into<String>) -> Self {
        Self {
            key,
            now: now.into(),
            said: said.into(),
            set: None,
            advice: None,
            also: None,
        }
    }

    /// Set `key`, with the dots that lead to it from the table of the pool, route or section, to `value`.
    pub(super) fn set(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.set = Some((key, value.into()));
        self
    }

    /// Do this.
    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// It is because of this key.
    pub(super) fn also(mut self, key: KeyPath, why: impl Into<String>) -> Self {
        self.also = Some((key, why.into()));
        self
    }
}

// === impl Hits ===

impl Hits {
    /// So many are kept: as many as problems of a file are.
    pub(super) const MOST: usize = 1000;

    /// What `lint` finds.
    pub(super) fn of(lint: &Lint, look: &Look<'_>) -> Vec<Hit> {
        let mut hits = Self::default();
        (lint.look)(look, &mut hits);
        hits.0
    }

    /// A trap is here.
    pub(super) fn push(&mut self, hit: Hit) {
        if self.0.len() < Self::MOST {
            self.0.push(hit);
        }
    }
}
