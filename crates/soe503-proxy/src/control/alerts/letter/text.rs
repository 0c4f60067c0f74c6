//! What is said of an incident, whoever it is said to.

use std::time::Duration;

use soe503_api as api;
use soe503_core::alert::Event;

use super::Letter;
use super::words::line;

/// As many observations are told.
const MOST_EVIDENCE: usize = 6;
/// As many remedies of a kind.
const MOST_ACTIONS: usize = 4;
/// The longest line of what was observed.
const LONGEST: usize = 400;

impl Letter<'_> {
    /// `Incident opened`.
    pub(super) fn what(&self) -> &'static str {
        match (self.event, self.incident.summary.reopened) {
            (Event::Opened, 0) => "Incident opened",
            (Event::Opened, _) => "Incident is back",
            (Event::Grew, _) => "Incident grew",
            (Event::Closed, _) => "Incident closed",
            (Event::Again, _) => "Incident goes on",
        }
    }

    /// In a line: what happened where.
    pub(super) fn headline(&self, most: usize) -> String {
        let summary = &self.incident.summary;
        let test = if self.test { "TEST: " } else { "" };
        let text = format!(
            "{test}{}: {}: {}",
            self.what(),
            summary.place,
            summary.title
        );
        line(&text, most)
    }

    /// The same with the cause, and what it cost.
    pub(super) fn sentence(&self, most: usize) -> String {
        let summary = &self.incident.summary;
        let grade = grade(summary.grade);
        let text = format!(
            "{} ({}, {grade}). {}",
            self.headline(most),
            summary.cause,
            self.cost()
        );
        line(&text, most)
    }

    /// What is wrong, in a sentence.
    pub(super) fn detail(&self, most: usize) -> String {
        let condition = self.incident.summary.condition.as_deref();
        line(condition.unwrap_or(&self.incident.detail), most)
    }

    /// What it cost.
    pub(super) fn cost(&self) -> String {
        let requests = &self.incident.summary.requests;
        match (requests.failed, requests.prevented) {
            (0, _) => "No request has failed of it".to_owned(),
            (failed, 0) => format!("{failed} of {} requests failed", requests.total),
            (failed, saved) => {
                format!(
                    "{failed} of {} requests failed, {saved} were saved",
                    requests.total
                )
            }
        }
    }

    /// Since when, and how long if it is over.
    pub(super) fn time(&self) -> String {
        let summary = &self.incident.summary;
        match summary.closed_at {
            Some(end) => format!(
                "{} to {end}, {}",
                summary.first_seen,
                span(end.since(summary.first_seen))
            ),
            None => format!("since {}", summary.first_seen),
        }
    }

    /// The change that it comes from.
    pub(super) fn change(&self, most: usize) -> Option<String> {
        let linked = self.incident.summary.change.as_ref()?;
        let change = &linked.change;
        let by = change
            .by
            .as_deref()
            .map(|by| format!(" by {by}"))
            .unwrap_or_default();
        let distance = span(Duration::from_millis(linked.before_ms.unsigned_abs()));
        let after = if linked.before_ms >= 0 {
            "after"
        } else {
            "before"
        };
        let grade = grade(linked.grade);
        let text = format!("{distance} {after}: {}{by} ({grade})", change.title);
        Some(line(&text, most))
    }

    /// What was observed.
    pub(super) fn evidence(&self) -> Vec<String> {
        let evidence = self.incident.evidence.iter().take(MOST_EVIDENCE);
        let told = evidence.map(|one| match one.count {
            Some(count) => line(&format!("{} ({count} times)", one.what), LONGEST),
            None => line(&one.what, LONGEST),
        });
        told.collect()
    }

    /// What it is not.
    pub(super) fn ruled_out(&self) -> Vec<String> {
        let ruled_out = self.incident.ruled_out.iter().take(MOST_EVIDENCE);
        let told = ruled_out.map(|one| line(&format!("{}: {}", one.cause, one.because), LONGEST));
        told.collect()
    }

    /// What ends it now.
    pub(super) fn fixes(&self) -> Vec<String> {
        lines(&self.incident.actions.quick)
    }

    /// What shows whether it is cured, and where there is more.
    pub(super) fn commands(&self) -> Vec<String> {
        let mut commands = lines(&self.incident.actions.verify);
        let explain = format!("lbctl explain {}", self.incident.summary.id);
        if !self.test && !commands.contains(&explain) {
            commands.insert(0, explain);
        }
        commands
    }
}

/// How sure a cause is, in a word.
pub(super) const fn grade(grade: api::Grade) -> &'static str {
    match grade {
        api::Grade::Proven => "proven",
        api::Grade::Inferred => "inferred",
        _ => "suspected",
    }
}

fn lines(texts: &[String]) -> Vec<String> {
    let texts = texts.iter().take(MOST_ACTIONS);
    texts.map(|text| line(text, LONGEST)).collect()
}

/// In whole seconds, if it is that long.
fn span(span: Duration) -> String {
    let whole = match span.as_secs() {
        0 => Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
        seconds => Duration::from_secs(seconds),
    };
    humantime::format_duration(whole).to_string()
}
