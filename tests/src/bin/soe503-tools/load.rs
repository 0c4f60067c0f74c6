//! An open-loop load generator: see [`soe503_tests::load`].

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;
use soe503_tests::load::{self, Plan, Record};

/// Sends GET and POST at a fixed rate and keeps every result.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    plan: Plan,
    /// Write one JSON line per request here
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(&arguments.out)?);
    let records = load::run(arguments.plan, || {
        // Whoever started us lines up its own clock with the schedule's time 0.
        println!("started {:.6}", unix_time().as_secs_f64());
    })
    .await;
    for record in &records {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    println!("{}", summary(&records));
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only use is to line up two programs' clocks"
)]
fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

fn summary(records: &[Record]) -> String {
    let failed = records
        .iter()
        .filter(|record| record.error.is_some() || !matches!(record.status, Some(200..=399)))
        .count();
    let mut latencies: Vec<u64> = records.iter().map(|record| record.latency_us).collect();
    let mut lags: Vec<u64> = records.iter().map(|record| record.lag_us).collect();
    latencies.sort_unstable();
    lags.sort_unstable();
    format!(
        "{} requests, {failed} failed; latency p50 {} µs, p99 {} µs; lag p99 {} µs",
        records.len(),
        quantile(&latencies, 0.5),
        quantile(&latencies, 0.99),
        quantile(&lags, 0.99),
    )
}

fn quantile(sorted: &[u64], q: f64) -> u64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * q).round() as usize)
        .copied()
        .unwrap_or(0)
}
