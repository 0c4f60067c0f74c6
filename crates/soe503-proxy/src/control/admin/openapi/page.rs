//! The page about the API, made from the table.

use std::fmt::Write;

use super::super::operation::Needs;
use super::super::operations::TABLE;

const ABOVE: &str = "\
# The admin API

<!-- Made from the table of operations (src/control/admin/operations.rs). To make it anew:
     SOE503_WRITE_DOCS=1 cargo test -p soe503-proxy --lib openapi -->

`lbctl`, the dashboard and your own programs speak it. [openapi.json](openapi.json) describes it in OpenAPI 3.1, and so does the process itself, at
`/api/v1/openapi.json` and `/openapi.json`. It is made from the types that are sent, and `tests/openapi` has schemathesis look for what is not true in it.

Every answer that is not a success is a problem document (`application/problem+json`, RFC 9457) whose `valid` lists what would have been accepted. Paths and members
are stable; members may be added. 429 says in `Retry-After` when to come again.

| method | path | what | who |
| --- | --- | --- | --- |
";

/// The page.
pub(super) fn text() -> String {
    let mut page = ABOVE.to_owned();
    for one in TABLE {
        let who = match one.needs {
            Needs::Nothing => "anybody",
            Needs::Reader => "reader, operator",
            Needs::Operator => "operator",
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {who} |",
            one.method(),
            one.path,
            one.summary
        );
    }
    page
}
