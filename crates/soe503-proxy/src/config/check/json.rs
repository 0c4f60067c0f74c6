//! The same for programs: one document.

use std::{io, path::Path, time::Duration};

use serde_json::{Value, json};

use super::Finding;
use crate::config::{Config, Found, Problem, Report};

/// A config that is not used.
pub(super) fn invalid(file: &Path, report: &Report) -> Value {
    json!({
        "file": file.display().to_string(),
        "valid": false,
        "problems": problems(report),
        "warnings": [],
        "lints": [],
        "backends": null,
    })
}

/// A config that is; `tried` is what its backends said, if they were asked.
pub(super) fn valid(
    file: &Path,
    config: &Config,
    tried: Option<&io::Result<Vec<Finding>>>,
) -> Value {
    let warnings = config.warnings.as_ref().map(problems);
    json!({
        "file": file.display().to_string(),
        "valid": true,
        "problems": [],
        "warnings": warnings.unwrap_or_default(),
        "lints": config.lints.found().iter().map(lint).collect::<Vec<_>>(),
        "backends": tried.map(backends),
    })
}

fn problems(report: &Report) -> Vec<Value> {
    let problem = |problem: &Problem| {
        let (line, column) = report.position(problem).unzip();
        json!({
            "what": problem.to_string(),
            "advice": problem.advice(),
            "line": line,
            "column": column,
        })
    };
    report.problems().iter().map(problem).collect()
}

fn lint(found: &Found) -> Value {
    let (line, column) = found.position.unzip();
    json!({
        "id": found.lint.id,
        "severity": found.lint.severity.id(),
        "key": found.key,
        "now": found.now,
        "wrong": found.wrong,
        "set": found.set,
        "advice": found.advice,
        "line": line,
        "column": column,
    })
}

fn backends(tried: &io::Result<Vec<Finding>>) -> Value {
    match tried {
        Ok(findings) => findings.iter().map(backend).collect(),
        Err(why) => json!({ "error": why.to_string() }),
    }
}

fn backend(finding: &Finding) -> Value {
    let (said, error) = match &finding.outcome {
        Ok(said) => (Some(said), None),
        Err(why) => (None, Some(why)),
    };
    json!({
        "pool": &*finding.pool,
        "backend": &*finding.backend,
        "address": finding.address.map(|address| address.to_string()),
        "answers": error.is_none(),
        "said": said,
        "error": error,
        "elapsed_ms": millis(finding.elapsed),
    })
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
