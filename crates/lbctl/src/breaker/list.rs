//! `lbctl breaker list`.

use clap::Args;
use soe503_api::{CircuitState, Pool, Timestamp, client::Client};

use crate::{
    admin,
    cli::Output,
    clock,
    exit::{Exit, Failure},
    pool::{circuit_mark, circuit_why, circuit_word},
    show::{Canvas, Cell, Column, Grid, Row, age, print, print_exactly, style, waiting},
};

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Lists the circuits.
pub(super) async fn run(client: &Client, args: &ListArgs) -> Result<Exit, Failure> {
    let reply = client
        .pools()
        .await
        .map_err(|e| admin::explain(client, e))?;
    let pools = &reply.value.pools;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(pools, clock::wall(), Canvas::stdout()))?,
    }
    let open = |pool: &Pool| pool.circuit.state == CircuitState::Open;
    Ok(Exit::healthy(!pools.iter().any(open)))
}

/// The circuits of `pools` as a table.
pub(super) fn table(pools: &[Pool], now: Timestamp, canvas: Canvas) -> String {
    if pools.is_empty() {
        return "no pools are configured\n".to_owned();
    }
    let mut columns = vec![
        Column::left("POOL"),
        Column::left("CIRCUIT"),
        Column::left("OPENED"),
        Column::left("NEXT PROBE"),
    ];
    let narrow = Grid {
        rows: pools.iter().map(|p| row(p, false, now, canvas)).collect(),
        columns: columns.clone(),
        indent: 0,
    };
    columns.push(Column::left("WHY"));
    let whole = Grid {
        rows: pools.iter().map(|p| row(p, true, now, canvas)).collect(),
        columns,
        indent: 0,
    };
    let fits = canvas.width.is_none_or(|limit| whole.width() <= limit);
    let mut out = String::new();
    (if fits { &whole } else { &narrow }).render(canvas, &mut out);
    out
}

fn row(pool: &Pool, why_column: bool, now: Timestamp, canvas: Canvas) -> Row {
    let circuit = &pool.circuit;
    let mark = circuit_mark(circuit);
    let closed = circuit.state == CircuitState::Closed;
    let opened = circuit
        .opened_at
        .filter(|_| !closed)
        .map_or_else(Cell::none, |at| {
            Cell::plain(format!("{} ago", age(now.since(at))))
        });
    let probe = match circuit.retry_at {
        Some(at) if at > now => Cell::plain(format!("in {}", waiting(at.since(now)))),
        Some(_) => Cell::plain("due"),
        None => Cell::none(),
    };
    let why = circuit_why(circuit).map(Cell::plain);
    let mut cells = vec![
        Cell::new(&pool.name, style::STRONG),
        Cell::new(circuit_word(circuit), mark.style()),
        opened,
        probe,
    ];
    let note = if why_column {
        cells.push(why.unwrap_or_else(|| Cell::plain("")));
        None
    } else {
        why
    };
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells,
        notes: note.into_iter().collect(),
    }
}
