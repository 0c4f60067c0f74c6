//! The reference page of the lints.

use std::fmt::Write;

use soe503_core::advice::Kind;

use super::table::GROUPS;

const HEAD: &str = "\
# Lints

What is valid and still a trap. `soe503 check FILE` tells each with its line and the value to set, and uses the file all the same;
with `--deny-warnings` it exits with 1 if there is a warning (a note is worth knowing, and may be meant). `--format json` tells it to
programs. `lbctl doctor` tells those of the configuration in force, and what traffic has shown.

";

/// The lints as a page, Markdown.
pub fn lints_page() -> String {
    let mut out = String::from(HEAD);
    for (heading, lints) in GROUPS {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "## {heading}\n\n| lint | severity | key | what is wrong | set |\n| --- | --- | --- | --- | --- |\n"
        );
        for lint in lints {
            let _ = writeln!(
                out,
                "| `{}` | {} | `{}` | {} | {} |",
                lint.id,
                lint.severity.id(),
                lint.key,
                lint.wrong,
                lint.set
            );
        }
        out.push('\n');
    }
    advice(&mut out);
    out
}

/// What `lbctl doctor` advises.
fn advice(out: &mut String) {
    out.push_str(ADVICE);
    for kind in Kind::ALL {
        let info = kind.info();
        let table = if info.of_route {
            "routes"
        } else {
            "pools.NAME"
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | `{table}.{}` | {} | {} |",
            info.id, info.key, info.shown_by, info.set
        );
    }
    out.push_str(TAIL);
}

const ADVICE: &str = "\
## What traffic shows

`lbctl doctor` (`GET /api/v1/doctor`) adds what requests have shown since the process began, with the value to set and how many of the
requests that failed since then would not have. That is an upper bound: of the pool's recorded failures, those of the cause that the value
takes away, or those that another attempt would have had time for.

| advice | key | what shows it | set |
| --- | --- | --- | --- |
";

const TAIL: &str = "
This page is generated from the tables in `src/config/lint` and `soe503_core::advice`.
";
