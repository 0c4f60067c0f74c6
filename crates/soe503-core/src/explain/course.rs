//! Since when it has been like this, for how many, and what was changed before: in words.

use core::time::Duration;

use super::names::Names;
use super::problem::{Problem, ToldChange, ToldRequests};
use super::words::duration;
use super::{Telling, time};
use crate::diagnosis::Grade;
use crate::incident::{Changes, Course};
use crate::ledger::{Fault, Refusal};

/// Longest title of a change.
const LONGEST: usize = 96;

/// The first failure of this kind, in seconds since 1970: of a planned interruption its begin.
pub(super) fn since(telling: &Telling<'_>) -> Option<i64> {
    if let Some(Fault::Refused(Refusal::Maintenance(notice))) = &telling.diagnosis.fault {
        return Some(notice.start);
    }
    let since_ms = telling.course?.since_ms;
    // Of two clocks that are read apart, the answer's own rules.
    Some(since_ms.div_euclid(1000).min(telling.at_unix))
}

/// How many requests have failed since.
pub(super) const fn requests(course: &Course) -> ToldRequests {
    ToldRequests {
        failed: course.failed,
        total: course.requests,
        prevented: course.saved,
    }
}

/// The change that is taken for the cause.
pub(super) fn change(course: &Course, names: &Names<'_>) -> Option<ToldChange> {
    let Changes::Linked {
        what,
        at_ms,
        before_ms,
        ratio,
        proven,
    } = &course.changes
    else {
        return None;
    };
    Some(ToldChange {
        title: names.change(what, LONGEST),
        at: time::rfc3339(at_ms.div_euclid(1000)),
        before_ms: *before_ms,
        likelihood_ratio: (ratio * 10.0).round() / 10.0,
        grade: match proven {
            true => Grade::Proven,
            false => Grade::Inferred,
        },
    })
}

/// What is known of changes, in a sentence.
pub(super) fn changes(course: &Course, names: &Names<'_>) -> Option<String> {
    Some(match &course.changes {
        Changes::Unknown => return None,
        Changes::None(watched) => format!("none is known in the {} before", duration(*watched)),
        Changes::Near(1) => {
            "one in the 10 min before, which nothing makes the likely cause".to_owned()
        }
        Changes::Near(near) => {
            format!("{near} in the 10 min before, none of which is the likely cause")
        }
        Changes::Linked {
            what,
            before_ms,
            ratio,
            proven,
            ..
        } => {
            let distance = duration(Duration::from_millis(before_ms.unsigned_abs()));
            let side = if *before_ms < 0 { "after" } else { "before" };
            let how = match proven {
                true => "it was taken back, and that ended it".to_owned(),
                false => format!("{ratio:.0} times as likely the cause as chance"),
            };
            format!(
                "{}, {distance} {side} the first failure: {how}",
                names.change(what, LONGEST)
            )
        }
    })
}

/// `2026-11-22T17:40:52Z (16 s); 1,204 of 1,310 requests failed, 64 were saved`, as far as the reader may know.
pub(super) fn line(problem: &Problem) -> Option<String> {
    let mut out = problem.first_seen.clone()?;
    let Some(requests) = &problem.requests else {
        return Some(out);
    };
    if let Some(lasted) = problem.lasted {
        out += &format!(" ({})", duration(lasted));
    }
    out += "; ";
    let plural = if requests.failed == 1 { "" } else { "s" };
    out += &match requests.total {
        Some(total) => format!(
            "{} of {} requests failed",
            thousands(requests.failed),
            thousands(total)
        ),
        None => format!("{} request{plural} failed", thousands(requests.failed)),
    };
    if requests.prevented > 0 {
        out += &format!(", {} were saved", thousands(requests.prevented));
    }
    Some(out)
}

/// A count with commas.
fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_204, "1,204"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(thousands(count), text);
        }
    }
}
