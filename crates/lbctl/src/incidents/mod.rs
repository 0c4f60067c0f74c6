//! `lbctl incidents`: failures with one cause in one place, each as one line.

#[cfg(test)]
mod tests;

use clap::Args;
use soe503_api::{IncidentState, IncidentSummary, Timestamp};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    explain::words,
    show::{Canvas, Cell, Column, Grid, Mark, Row, age, count, print, print_exactly, style},
};

/// Which ones, and how to show them.
#[derive(Debug, Args)]
pub(crate) struct IncidentsArgs {
    /// Only those that go on
    #[arg(long)]
    open: bool,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Lists them, the latest first.
pub(crate) async fn run(admin: &AdminArgs, args: &IncidentsArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let reply = client
        .incidents(args.open)
        .await
        .map_err(|e| admin::explain(&client, e))?;
    let all = &reply.value.incidents;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(all, args.open, clock::wall(), Canvas::stdout()))?,
    }
    let open = |one: &IncidentSummary| one.state == IncidentState::Open;
    Ok(Exit::healthy(!all.iter().any(open)))
}

/// The incidents as a table.
fn table(all: &[IncidentSummary], open: bool, now: Timestamp, canvas: Canvas) -> String {
    if all.is_empty() {
        return match open {
            true => "no incident is open\n".to_owned(),
            false => "no incidents are known\n".to_owned(),
        };
    }
    let grid = Grid {
        rows: all.iter().map(|one| row(one, now, canvas)).collect(),
        columns: vec![
            Column::left("INCIDENT"),
            Column::left("CAUSE"),
            Column::left("SINCE"),
            Column::left("LASTED"),
            Column::right("FAILED"),
            Column::right("SAVED"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

fn row(one: &IncidentSummary, now: Timestamp, canvas: Canvas) -> Row {
    let open = one.state == IncidentState::Open;
    let mark = if open { Mark::Bad } else { Mark::Good };
    let lasted = match open {
        true => format!("{}, goes on", age(now.since(one.first_seen))),
        false => age(one.last_seen.since(one.first_seen)),
    };
    let mut note = format!("{}, {}", words::grade(one.grade), one.place);
    if let Some(condition) = &one.condition {
        note += &format!("; {condition}");
    }
    if let Some(linked) = &one.change {
        let change = words::linked(linked);
        note += &format!("; {change}");
    }
    if let Some(verified) = &one.verified {
        note += &format!("; {}", words::verified(verified, now));
    }
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells: vec![
            Cell::new(&one.id, style::STRONG),
            Cell::plain(&one.cause),
            Cell::plain(format!("{} ago", age(now.since(one.first_seen)))),
            Cell::new(lasted, mark.style()),
            Cell::plain(count(one.requests.failed)),
            Cell::plain(count(one.requests.prevented)),
        ],
        notes: vec![Cell::plain(note)],
    }
}
