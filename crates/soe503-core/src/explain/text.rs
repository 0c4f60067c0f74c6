//! The problem document in Markdown and in plain text.

use super::clean::{code, markdown};
use super::course;
use super::problem::Problem;

/// For chats and issues.
pub(super) fn to_markdown(problem: &Problem) -> String {
    let mut out = format!(
        "# {}: {}\n\n{}\n\n- cause: {} ({})\n",
        problem.code,
        problem.title,
        problem.detail,
        code(problem.cause.id()),
        problem.grade.word()
    );
    for (name, value) in facts(problem) {
        out += &format!("- {name}: {}\n", code(&value));
    }
    let section = |out: &mut String, title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            *out += &format!("\n## {title}\n\n");
            for line in lines {
                *out += &format!("- {line}\n");
            }
        }
    };
    section(
        &mut out,
        "Observed",
        observed(problem).iter().map(|l| markdown(l)).collect(),
    );
    section(
        &mut out,
        "Ruled out",
        problem
            .ruled_out
            .iter()
            .map(|r| format!("{}: {}", code(r.cause.id()), markdown(&r.because)))
            .collect(),
    );
    if let Some(actions) = &problem.actions {
        section(
            &mut out,
            "Now",
            actions.quick.iter().map(|l| markdown(l)).collect(),
        );
        section(
            &mut out,
            "For good",
            actions.long_term.iter().map(|l| markdown(l)).collect(),
        );
        section(
            &mut out,
            "Verify",
            actions.verify.iter().map(|l| code(l)).collect(),
        );
    }
    out
}

/// For terminals.
pub(super) fn to_plain(problem: &Problem) -> String {
    let mut out = format!(
        "{}  {}  ({})\n{}\n{}\n\n",
        problem.code,
        problem.cause,
        problem.grade.word(),
        problem.title,
        problem.detail
    );
    let mut line = |name: &str, value: &str| out += &format!("{name:<12}{value}\n");
    for (name, value) in facts(problem) {
        line(name, &value);
    }
    let mut list = |name: &str, values: Vec<String>| {
        for (at, value) in values.iter().enumerate() {
            line(if at == 0 { name } else { "" }, value);
        }
    };
    list("Observed", observed(problem));
    list(
        "Ruled out",
        problem
            .ruled_out
            .iter()
            .map(|r| format!("{}: {}", r.cause, r.because))
            .collect(),
    );
    if let Some(actions) = &problem.actions {
        list("Quick fix", actions.quick.clone());
        list("Long term", actions.long_term.clone());
        list("Verify", actions.verify.clone());
    }
    out
}

/// The short facts, in the order in which people ask for them.
pub(super) fn facts(problem: &Problem) -> Vec<(&'static str, String)> {
    let mut out = Vec::with_capacity(8);
    if let Some(maintenance) = &problem.maintenance {
        out.push(("reason", maintenance.reason.clone()));
        out.extend(maintenance.link.clone().map(|link| ("status page", link)));
    }
    if let Some(root) = problem.root {
        out.push(("root", root.id().to_owned()));
    }
    if let Some(scope) = &problem.scope {
        let mut text = scope.pool.clone().unwrap_or_default();
        if let (Some(affected), Some(total)) = (scope.backends_affected, scope.backends_total) {
            text += &format!(" ({affected} of {total} backends affected)");
        }
        if !text.is_empty() {
            out.push(("pool", text.trim().to_owned()));
        }
    }
    out.extend(course::line(problem).map(|line| ("since", line)));
    out.extend(problem.changes.clone().map(|changes| ("changes", changes)));
    if let Some(hop) = &problem.hop {
        out.push(("said by", hop.clone()));
    }
    out.push(("request", problem.request_id.clone()));
    if let Some(trace) = &problem.trace_id {
        out.push(("trace", trace.clone()));
    }
    out.push(("at", problem.at.clone()));
    out
}

/// What was observed, and why that was the end of it.
pub(super) fn observed(problem: &Problem) -> Vec<String> {
    let evidence = problem
        .evidence
        .iter()
        .map(|evidence| evidence.what.clone());
    evidence
        .chain(problem.not_retried.map(str::to_owned))
        .collect()
}
