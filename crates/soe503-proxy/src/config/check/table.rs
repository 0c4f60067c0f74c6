//! The findings as a table.

use std::{fmt::Write, time::Duration};

use anstyle::{AnsiColor, Style};

use super::Finding;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HEAD: Style = Style::new().bold();

/// The findings as an aligned table with a line of totals, with ANSI colours.
///
/// Print it with `anstream`, which leaves the colours out where they do not belong.
pub fn table(findings: &[Finding]) -> String {
    let rows: Vec<[String; 3]> = findings.iter().map(columns).collect();
    let head = ["POOL", "BACKEND", "ADDRESS"].map(str::to_owned);
    let widths: [usize; 3] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&head]);
        let lengths = cells.map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    });
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{HEAD}{}RESULT{HEAD:#}", padded(&head, &widths));
    for (row, finding) in rows.iter().zip(findings) {
        let (style, mark, said) = match &finding.outcome {
            Ok(said) => (GOOD, '✓', format!("{said} in {}", millis(finding.elapsed))),
            Err(why) => (BAD, '✗', why.clone()),
        };
        let _ = writeln!(out, "{}{style}{mark}{style:#} {said}", padded(row, &widths));
    }
    let good = findings.iter().filter(|f| f.outcome.is_ok()).count();
    let style = if good == findings.len() { GOOD } else { BAD };
    let _ = writeln!(out, "\n{style}{good} of {} answer{style:#}", findings.len());
    out
}

fn columns(finding: &Finding) -> [String; 3] {
    let address = finding.address.map(|address| address.to_string());
    [
        finding.pool.to_string(),
        finding.backend.to_string(),
        address.unwrap_or_else(|| "-".to_owned()),
    ]
}

fn padded(row: &[String; 3], widths: &[usize; 3]) -> String {
    row.iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}  "))
        .collect()
}

fn millis(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "< 1 ms".to_owned(),
        millis => format!("{millis} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(backend: &str, outcome: Result<&str, &str>, millis: u64) -> Finding {
        Finding {
            pool: "app".into(),
            backend: backend.into(),
            address: outcome.is_ok().then(|| ([127, 0, 0, 1], 8081).into()),
            outcome: outcome.map(Into::into).map_err(Into::into),
            elapsed: Duration::from_millis(millis),
        }
    }

    #[test]
    fn columns_are_aligned_and_failures_say_why() {
        let table = table(&[
            finding("127.0.0.1:8081", Ok("GET /healthz answered 200"), 3),
            finding(
                "app.internal:80",
                Err("resolve app.internal: no such name"),
                9,
            ),
            finding("b", Ok("connected"), 0),
        ]);
        insta::assert_snapshot!(anstream::adapter::strip_str(&table).to_string(), @r"
        POOL  BACKEND          ADDRESS         RESULT
        app   127.0.0.1:8081   127.0.0.1:8081  ✓ GET /healthz answered 200 in 3 ms
        app   app.internal:80  -               ✗ resolve app.internal: no such name
        app   b                127.0.0.1:8081  ✓ connected in < 1 ms

        2 of 3 answer
        ");
        assert!(table.contains("\u{1b}["), "colours, where they belong");
    }
}
