//! From a config and its file to what is told.

use std::sync::Arc;

use toml::de::DeTable;

use super::{
    Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    table,
};
use crate::config::{Config, Report, problem::Problem};

/// The traps of a config. They follow from the rest of it and its file, so two configs with different ones may mean the same: all are
/// equal.
#[derive(Clone, Debug, Default)]
pub struct Lints {
    found: Arc<[Found]>,
    report: Option<Arc<Report>>,
    /// The number in the file, from 0, of each route of the config.
    routes: Arc<[usize]>,
}

/// One trap in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The row of the table.
    pub lint: &'static Lint,
    /// The key, with all that leads to it: `routes[0].retry.attempt_timeout`.
    pub key: String,
    /// What it is now, as TOML; a default included.
    pub now: String,
    /// What is wrong, in one sentence.
    pub wrong: String,
    /// The key and the value to set, as TOML; `None`: `advice` says what to do.
    pub set: Option<String>,
    /// What to do, if that is not all.
    pub advice: Option<String>,
    /// Line and column in the file, from 1: of the key, or of the table in which it is not set.
    pub position: Option<(usize, usize)>,
}

/// Looks for traps in `config`, which was made of `text`; `numbers` are those of its routes in the file.
pub(in crate::config) fn lint(
    config: &Config,
    numbers: Vec<usize>,
    name: &str,
    text: &str,
    file: &DeTable<'_>,
) -> Lints {
    let look = Look::new(config, &numbers, file);
    let hits = table::all().flat_map(|lint| {
        let hits = Hits::of(lint, &look).into_iter();
        hits.map(move |hit| (lint, hit))
    });
    let mut told: Vec<(Found, Problem)> = hits
        .take(Hits::MOST)
        .map(|(lint, hit)| tell(lint, hit, file))
        .collect();
    told.sort_by_key(|(_, problem)| problem.at.as_ref().map(|at| (at.start, at.end)));
    let problems = told.iter().map(|(_, problem)| problem.clone()).collect();
    let report = Report::of_warnings(name, text, problems);
    let found = told.into_iter().map(|(mut found, problem)| {
        found.position = report.as_ref().and_then(|report| report.position(&problem));
        found
    });
    Lints {
        found: found.collect(),
        report: report.map(Arc::new),
        routes: numbers.into(),
    }
}

fn tell(lint: &'static Lint, hit: Hit, file: &DeTable<'_>) -> (Found, Problem) {
    let place = hit.key.find(file);
    let label = match place.written {
        true => String::new(),
        false => format!("`{}` is {} unless it is set", hit.key.name(), hit.now),
    };
    let set = hit.set.map(|(key, value)| format!("{key} = {value}"));
    let mut problem = Problem::new(place.at, &*hit.said, label).lint(lint.id, lint.severity);
    if let Some((key, why)) = hit.also {
        let other = key.find(file);
        if other.written && Some(&other.at) != problem.at.as_ref() {
            problem = problem.also(other.at, why);
        }
    }
    if let Some(set) = &set {
        problem = problem.help(format!("set `{set}`"));
    }
    if let Some(advice) = &hit.advice {
        problem = problem.help(advice.clone());
    }
    let found = Found {
        lint,
        key: hit.key.to_string(),
        now: hit.now,
        wrong: hit.said,
        set,
        advice: hit.advice,
        position: None,
    };
    (found, problem)
}

// === impl Lints ===

impl Lints {
    /// All of them, in the order of the file.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The same, for people; `None` if there are none.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_deref()
    }

    /// Whether one of them is a warning, and not only a note.
    pub fn warns(&self) -> bool {
        let mut found = self.found.iter();
        found.any(|found| found.lint.severity == Severity::Warning)
    }

    /// The number in the file, from 0, of the route with this index in the config.
    pub(crate) fn route_number(&self, index: usize) -> usize {
        self.routes.get(index).copied().unwrap_or(index)
    }
}

impl PartialEq for Lints {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lints {}
