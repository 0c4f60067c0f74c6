//! `lbctl cache`: answers that pools keep, to be given instead of failures.

use clap::{Args, Subcommand};
use soe503_api::{Cache, Pool, client::Client};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    exit::{Exit, Failure},
    show::{Canvas, Cell, Column, Grid, Mark, Row, count, print, print_exactly, style},
};

/// See and empty the pools' caches.
#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// What each pool keeps, and how often it was given instead of a failure
    List(ListArgs),
    /// Forget what a pool keeps, or what all of them do
    Flush(FlushArgs),
}

/// How to show them.
#[derive(Debug, Args)]
struct ListArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Which cache.
#[derive(Debug, Args)]
struct FlushArgs {
    /// The pool; all that have a cache if none is given
    pool: Option<String>,
}

/// Runs one of them.
pub(crate) async fn run(admin: &AdminArgs, args: CacheArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    match args.command {
        CacheCommand::List(args) => list(&client, &args).await,
        CacheCommand::Flush(args) => flush(&client, args.pool).await,
    }
}

async fn list(client: &Client, args: &ListArgs) -> Result<Exit, Failure> {
    let reply = client.pools().await;
    let reply = reply.map_err(|e| admin::explain(client, e))?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&table(&reply.value.pools, Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

async fn flush(client: &Client, pool: Option<String>) -> Result<Exit, Failure> {
    let reply = client.pools().await;
    let pools = reply.map_err(|e| admin::explain(client, e))?.value.pools;
    let names: Vec<String> = match pool {
        Some(pool) => vec![pool],
        None => pools
            .iter()
            .filter(|pool| pool.cache.is_some())
            .map(|pool| pool.name.clone())
            .collect(),
    };
    if names.is_empty() {
        print(NONE)?;
    }
    for name in names {
        let before = pools.iter().find(|pool| pool.name == name);
        let before = before.and_then(|pool| pool.cache).unwrap_or_default();
        if let Err(e) = client.cache_flush(&name).await {
            return Err(admin::explain_name(client, &name, None, e).await);
        }
        print(&flushed(&name, before, Canvas::stdout()))?;
    }
    Ok(Exit::Fine)
}

const NONE: &str = "no pool keeps answers: give one a `cache`\n";

fn flushed(pool: &str, before: Cache, canvas: Canvas) -> String {
    let mark = canvas.symbol(Mark::Good);
    let entries = count(before.entries);
    format!("{mark} {pool}: {entries} answers forgotten\n")
}

fn table(pools: &[Pool], canvas: Canvas) -> String {
    let rows: Vec<Row> = pools
        .iter()
        .filter_map(|pool| Some(row(&pool.name, pool.cache?, canvas)))
        .collect();
    if rows.is_empty() {
        return NONE.to_owned();
    }
    let mut out = String::new();
    grid(rows).render(canvas, &mut out);
    out
}

fn grid(rows: Vec<Row>) -> Grid {
    Grid {
        rows,
        columns: vec![
            Column::left("POOL"),
            Column::right("ANSWERS"),
            Column::right("SIZE"),
            Column::right("OF"),
            Column::right("KEPT"),
            Column::right("GIVEN"),
            Column::right("OFFERED"),
        ],
        indent: 0,
    }
}

fn row(pool: &str, cache: Cache, canvas: Canvas) -> Row {
    let mark = if cache.given > 0 {
        Mark::Partly
    } else {
        Mark::Good
    };
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells: vec![
            Cell::new(pool, style::STRONG),
            Cell::plain(count(cache.entries)),
            Cell::plain(mebibytes(cache.bytes)),
            Cell::plain(mebibytes(cache.max_bytes)),
            Cell::plain(count(cache.kept)),
            Cell::plain(count(cache.given)),
            Cell::plain(count(cache.offered)),
        ],
        notes: Vec::new(),
    }
}

/// `12.3 MiB`.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample::{PIPE, plain};

    #[test]
    fn what_is_kept_is_shown() {
        let cache = Cache {
            entries: 1_234,
            bytes: 12_900_000,
            max_bytes: 64 << 20,
            kept: 56_789,
            given: 3,
            offered: 4_567,
            revalidations: 8,
        };
        let mut out = String::new();
        grid(vec![row("shop", cache, PIPE)]).render(PIPE, &mut out);
        let shown = plain(&out, PIPE);
        for part in ["shop", "12.3 MiB", "64.0 MiB"] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(table(&[], PIPE).contains("no pool keeps answers"));
    }
}
