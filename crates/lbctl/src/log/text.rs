//! The event log in words.

use core::fmt::Write;

use soe503_api::{Log, Timestamp};

use crate::show::{Canvas, Mark, count, waiting};

/// What is written, until when, and how much it was.
pub(super) fn shown(log: &Log, now: Timestamp, canvas: Canvas) -> String {
    let mark = match log.temporary {
        Some(_) => Mark::Partly,
        None => Mark::Good,
    };
    let mut out = format!("{} {}\n", canvas.symbol(mark), log.level);
    let mut line = |name: &str, value: &str| {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "  {name:<11}{value}");
    };
    if let Some(temporary) = &log.temporary {
        let mut until = format!("in {}", waiting(temporary.until.since(now)));
        if let Some(by) = &temporary.by {
            until += &format!(", set by {by}");
        }
        if let Some(reason) = &temporary.reason {
            until += &format!(": {reason}");
        }
        line("ends", &until);
        line("then", &log.configured);
    }
    let limit = match log.lines_per_second {
        0 => "without a limit".to_owned(),
        most => format!("{most} of a kind a second"),
    };
    line(
        "written",
        &format!("{} as {}, {limit}", log.path, log.format),
    );
    let lines = &log.lines;
    let levels = [
        ("error", lines.error),
        ("warn", lines.warn),
        ("info", lines.info),
        ("debug", lines.debug),
        ("trace", lines.trace),
    ];
    let some = levels.iter().filter(|(_, lines)| *lines > 0);
    let mut counts: Vec<String> = some
        .map(|(level, lines)| format!("{} {level}", count(*lines)))
        .collect();
    for (lines, what) in [
        (lines.suppressed, "told as a number"),
        (lines.dropped, "lost"),
    ] {
        if lines > 0 {
            counts.push(format!("{} {what}", count(lines)));
        }
    }
    if !counts.is_empty() {
        line("lines", &counts.join(", "));
    }
    out
}
