//! `lbctl maintenance list`.

use clap::Args;
use soe503_api::{Maintenance, Timestamp, client::Client};

use crate::{
    admin,
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, Cell, Column, Grid, Mark, Row, age, print, print_exactly, style, waiting},
};

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Lists what is in force and what is planned.
pub(super) async fn run(client: &Client, args: &ListArgs) -> Result<Exit, Failure> {
    let reply = client
        .maintenance()
        .await
        .map_err(|e| admin::explain(client, e))?;
    let all = &reply.value.maintenance;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(all, clock::wall(), Canvas::stdout()))?,
    }
    Ok(Exit::healthy(!all.iter().any(|one| one.in_force)))
}

/// What is in force and what is planned, as a table.
pub(super) fn table(all: &[Maintenance], now: Timestamp, canvas: Canvas) -> String {
    if all.is_empty() {
        return "no maintenance is in force or planned\n".to_owned();
    }
    let grid = Grid {
        rows: all.iter().map(|one| row(one, now, canvas)).collect(),
        columns: vec![
            Column::left("FOR"),
            Column::left("STATE"),
            Column::left("BEGINS"),
            Column::left("ENDS"),
            Column::left("BY"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

fn row(one: &Maintenance, now: Timestamp, canvas: Canvas) -> Row {
    let (mark, state) = match one.in_force {
        true => (Mark::Partly, "in force"),
        false => (Mark::Good, "planned"),
    };
    let targets: Vec<&str> = one.pools.iter().chain(&one.routes).map(|t| &**t).collect();
    let begins = match one.in_force {
        true => format!("{} ago", age(now.since(one.start))),
        false => format!("in {}", waiting(one.start.since(now))),
    };
    let ends = match one.end {
        Some(end) => format!("in {}", waiting(end.since(now))),
        None => "when it is ended".to_owned(),
    };
    let why = match &one.status_page {
        Some(page) => format!("{} ({page})", one.reason),
        None => one.reason.clone(),
    };
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells: vec![
            Cell::new(targets.join(", "), style::STRONG),
            Cell::new(state, mark.style()),
            Cell::plain(begins),
            Cell::plain(ends),
            Cell::plain(&one.by),
        ],
        notes: vec![Cell::plain(why)],
    }
}
