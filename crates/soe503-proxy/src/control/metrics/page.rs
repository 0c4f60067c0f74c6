//! The documentation page, made from the table.

use std::fmt::Write;

use super::table;

/// `docs/metrics.md`: every metric with its type, unit, labels and meaning.
pub fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         `GET /metrics` on the admin address, in the Prometheus text format, or in OpenMetrics 1.0 for who \
         asks for it (`Accept`). Counters start at zero with the process. This page is generated from the table in `src/control/metrics/table/`; a \
         test keeps it up to date (`SOE503_WRITE_DOCS=1 cargo test -p soe503-proxy --test control_metrics` rewrites it).\n\n\
         | metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for family in table() {
        let labels: Vec<String> = family.labels.iter().map(|l| format!("`{l}`")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} |",
            family.name,
            family.kind.id(),
            family.unit,
            labels.join(" "),
            family.help,
        );
    }
    page
}
