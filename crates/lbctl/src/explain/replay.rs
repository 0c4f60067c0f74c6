//! A diagnosis made again from what was recorded: the same rules on the same numbers, without the proxy.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use soe503_api::FailureRecord;
use soe503_core::diagnosis::{Diagnosis, Snapshot};
use soe503_core::explain::{Exposure, Format, Telling, tell};

use crate::{
    cli::Output,
    exit::{Exit, Failure},
    show::{print, print_exactly},
};

/// Reads `file`, diagnoses, tells, and says whether it is what was recorded.
pub(super) fn run(file: &Path, output: Output) -> Result<Exit, Failure> {
    let text = read(file)?;
    let record: FailureRecord = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!(
            "{} is no record of a failure: {error}",
            file.display()
        ))
        .hint("write one with `lbctl explain REQUEST-ID -o json > FILE`")
    })?;
    let snapshot = snapshot(&record)?;
    let diagnosis = snapshot.diagnose();
    match output {
        Output::Json => {
            print_exactly(told(&record, &snapshot, &diagnosis, Format::ProblemJson).as_bytes())?;
        }
        Output::Text => {
            let mut text = told(&record, &snapshot, &diagnosis, Format::Text);
            let _ = match differs(&record, &diagnosis) {
                None => writeln!(text, "\nreplayed: the same as recorded"),
                Some(how) => writeln!(text, "\nreplayed: {how}"),
            };
            print(&text)?;
        }
    }
    Ok(match differs(&record, &diagnosis) {
        None => Exit::Fine,
        Some(_) => Exit::Unhealthy,
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(file).map(|read| text = read),
    };
    match read {
        Ok(()) => Ok(text),
        Err(error) => Err(Failure::usage(format!("{}: {error}", file.display()))),
    }
}

fn snapshot(record: &FailureRecord) -> Result<Snapshot, Failure> {
    let Some(value) = &record.snapshot else {
        return Err(Failure::usage(
            "the record holds no snapshot: it was too large to keep, or an older proxy wrote it",
        ));
    };
    let snapshot: Snapshot = serde_json::from_value(value.clone())
        .map_err(|error| Failure::usage(format!("the snapshot cannot be read: {error}")))?;
    if snapshot.format == Snapshot::FORMAT {
        Ok(snapshot)
    } else {
        Err(Failure::usage(format!(
            "the snapshot has form {}, and this lbctl reads form {}",
            snapshot.format,
            Snapshot::FORMAT
        )))
    }
}

fn told(
    record: &FailureRecord,
    snapshot: &Snapshot,
    diagnosis: &Diagnosis,
    format: Format,
) -> String {
    let at = i64::try_from(record.at.since(soe503_api::Timestamp::default()).as_secs());
    let telling = Telling {
        exposure: Exposure::Full,
        status: Some(record.status),
        retry_after: record.retry_after.and_then(|wait| u32::try_from(wait).ok()),
        ..Telling::new(
            diagnosis,
            &snapshot.ledger,
            &record.server,
            &record.request_id,
            at.unwrap_or_default(),
        )
    };
    tell(&telling, format).body
}

/// How the new diagnosis differs from the recorded one; `None`: not at all.
fn differs(record: &FailureRecord, diagnosis: &Diagnosis) -> Option<String> {
    let before = &record.diagnosis;
    let root = diagnosis.root.map(|root| root.id().to_owned());
    if before.cause != diagnosis.primary.id() {
        return Some(format!(
            "recorded as {}, now {}",
            before.cause, diagnosis.primary
        ));
    }
    if before.root != root {
        let name = |root: &Option<String>| root.clone().unwrap_or_else(|| "no root".to_owned());
        return Some(format!(
            "recorded with {}, now {}",
            name(&before.root),
            name(&root)
        ));
    }
    let grade = super::words::grade(before.grade);
    (grade != diagnosis.grade.word())
        .then(|| format!("recorded as {grade}, now {}", diagnosis.grade.word()))
}
