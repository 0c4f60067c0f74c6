//! `lbctl limits`: the rate limits.

use clap::Args;
use soe503_api::RateLimit;

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    exit::{Exit, Failure},
    show::{Canvas, Cell, Column, Grid, Mark, Row, count, millis, print, print_exactly, style},
};

/// How to show them.
#[derive(Debug, Args)]
pub(crate) struct LimitsArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Lists the rate limits.
pub(crate) async fn run(admin: &AdminArgs, args: &LimitsArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let reply = client
        .rate_limits()
        .await
        .map_err(|e| admin::explain(&client, e))?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(&reply.value.rate_limits, Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

fn table(limits: &[RateLimit], canvas: Canvas) -> String {
    if limits.is_empty() {
        return "no rate limits are configured\n".to_owned();
    }
    let grid = Grid {
        rows: limits.iter().map(|limit| row(limit, canvas)).collect(),
        columns: vec![
            Column::left("LIMIT"),
            Column::left("ALLOWS"),
            Column::left("BY"),
            Column::right("ALLOWED"),
            Column::right("LIMITED"),
            Column::right("CALLERS"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

fn row(limit: &RateLimit, canvas: Canvas) -> Row {
    let beyond = limit.limited + limit.shadowed;
    let mark = match (beyond, limit.displaced) {
        (0, 0) => Mark::Good,
        (_, 0) => Mark::Partly,
        _ => Mark::Bad,
    };
    let allows = format!(
        "{} in {}, {} at once",
        count(limit.requests.into()),
        millis(limit.per_ms as f64),
        count(limit.burst.into())
    );
    let displaced = format!(
        "{} new callers took over the place of a busy one: raise max_keys",
        count(limit.displaced)
    );
    let shadow = "a shadow: what is beyond it is counted and let through".to_owned();
    let note = match (limit.displaced, limit.shadow) {
        (0, false) => None,
        (0, true) => Some(shadow),
        _ => Some(displaced),
    };
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells: vec![
            Cell::new(&limit.name, style::STRONG),
            Cell::plain(allows),
            Cell::plain(&limit.by),
            Cell::plain(count(limit.allowed)),
            Cell::plain(count(beyond)),
            Cell::plain(format!(
                "{} of {}",
                count(limit.keys),
                count(limit.max_keys)
            )),
        ],
        notes: note.map(Cell::plain).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample::{PIPE, plain};

    fn limit(name: &str, limited: u64, displaced: u64, shadow: bool) -> RateLimit {
        RateLimit {
            name: name.to_owned(),
            by: "client".to_owned(),
            requests: 100,
            per_ms: 60_000,
            burst: 20,
            status: 429,
            shadow,
            routes: vec!["*/".to_owned()],
            allowed: 12_345,
            limited,
            shadowed: 0,
            displaced,
            keys: 17,
            max_keys: 65_536,
        }
    }

    #[test]
    fn limits_in_a_pipe() {
        let limits = [
            limit("api", 0, 0, false),
            limit("login", 7, 3, false),
            limit("trial", 0, 0, true),
        ];
        insta::assert_snapshot!(plain(&table(&limits, PIPE), PIPE));
        assert_eq!(table(&[], PIPE), "no rate limits are configured\n");
    }
}
