//! `lbctl alerts`: who is told of incidents, and whether that arrives.

use clap::{Args, Subcommand};
use soe503_api::{AlertState, AlertTarget, AlertTest, Timestamp};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{
        Canvas, Cell, Column, Grid, Line, Mark, Row, age, count, print, print_exactly, style,
        waiting,
    },
};

/// See the targets of alerts, or try one out.
#[derive(Debug, Args)]
pub(crate) struct AlertsArgs {
    #[command(subcommand)]
    command: Option<AlertsCommand>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t, global = true)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// Send a message that says that it is a test (exit code 1 if it does not arrive)
    Test {
        /// The name of the target: NAME of [alerts.NAME]
        target: String,
    },
}

/// Lists the targets, or tries one out.
pub(crate) async fn run(admin: &AdminArgs, args: &AlertsArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let Some(AlertsCommand::Test { target }) = &args.command else {
        let reply = client
            .alerts()
            .await
            .map_err(|e| admin::explain(&client, e))?;
        let all = &reply.value.alerts;
        match args.output {
            Output::Json => print_exactly(&reply.body)?,
            Output::Text => print(&table(all, clock::wall(), Canvas::stdout()))?,
        }
        let failing = all.iter().any(|one| one.state == AlertState::Failing);
        return Ok(Exit::healthy(!failing));
    };
    // A target may take its time: as long as `timeout` of its table may be.
    let client = client.with_timeout(core::time::Duration::from_secs(70));
    let reply = client
        .alert_test(target)
        .await
        .map_err(|e| admin::explain(&client, e))?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&outcome(&reply.value, Canvas::stdout()))?,
    }
    Ok(Exit::healthy(reply.value.delivered))
}

fn outcome(test: &AlertTest, canvas: Canvas) -> String {
    let (mark, what) = match test.delivered {
        true => (Mark::Good, "took the test"),
        false => (Mark::Bad, "did not take the test"),
    };
    let mut out = String::new();
    Line::default()
        .put(canvas.symbol(mark), mark.style())
        .gap(1)
        .put(&test.target, style::STRONG)
        .gap(1)
        .put(
            &format!("{what}: {}, {} ms", test.detail, test.elapsed_ms),
            mark.style(),
        )
        .end(&mut out);
    out
}

/// The targets, as a table.
fn table(all: &[AlertTarget], now: Timestamp, canvas: Canvas) -> String {
    if all.is_empty() {
        return "nobody is told of incidents; see [alerts.NAME] of the configuration\n".to_owned();
    }
    let grid = Grid {
        rows: all.iter().map(|one| row(one, now, canvas)).collect(),
        columns: vec![
            Column::left("TARGET"),
            Column::left("KIND"),
            Column::left("STATE"),
            Column::left("LAST"),
            Column::right("SENT"),
            Column::right("LOST"),
            Column::right("WAITING"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

fn row(one: &AlertTarget, now: Timestamp, canvas: Canvas) -> Row {
    let (mark, state) = match one.state {
        AlertState::Ok => (Mark::Good, "ok"),
        AlertState::Failing => (Mark::Bad, "failing"),
        AlertState::Untried => (Mark::Partly, "untried"),
        _ => (Mark::Unknown, "unknown"),
    };
    let last = match one.delivered_at {
        Some(at) => format!("{} ago", age(now.since(at))),
        None => "never".to_owned(),
    };
    let lost = one.refused + one.gave_up + one.dropped;
    Row {
        mark: (canvas.symbol(mark), mark.style()),
        cells: vec![
            Cell::new(&one.name, style::STRONG),
            Cell::plain(&one.kind),
            Cell::new(state, mark.style()),
            Cell::plain(last),
            Cell::plain(count(one.delivered)),
            Cell::plain(count(lost)),
            Cell::plain(count(one.queued)),
        ],
        notes: vec![Cell::plain(note(one, now))],
    }
}

fn note(one: &AlertTarget, now: Timestamp) -> String {
    let Some(trouble) = &one.trouble else {
        return one.url.clone();
    };
    let failed = one
        .failed_at
        .map(|at| format!("{} ago: ", age(now.since(at))));
    let again = one
        .again_at
        .map(|at| format!("; again in {}", waiting(at.since(now))));
    let (failed, again) = (failed.unwrap_or_default(), again.unwrap_or_default());
    format!("{}: {failed}{trouble}{again}", one.url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample::{PIPE, plain};
    use soe503_api::Alerts;

    const GOLDEN: &str = include_str!("../../soe503-api/tests/golden/alerts.json");

    #[test]
    fn targets_in_a_pipe() {
        let now = "2026-11-22T17:45:08Z".parse().unwrap();
        let all: Alerts = serde_json::from_str(GOLDEN).unwrap();
        insta::assert_snapshot!("targets", plain(&table(&all.alerts, now, PIPE), PIPE));
        assert!(table(&[], now, PIPE).starts_with("nobody is told"));
    }

    #[test]
    fn a_test_says_what_came_of_it() {
        let mut test = AlertTest {
            target: "oncall".to_owned(),
            delivered: true,
            status: Some(202),
            detail: "answered 202".to_owned(),
            elapsed_ms: 12,
        };
        let told = plain(&outcome(&test, PIPE), PIPE);
        assert!(
            told.contains("oncall took the test: answered 202, 12 ms"),
            "{told}"
        );
        test.delivered = false;
        assert!(plain(&outcome(&test, PIPE), PIPE).contains("did not take the test"));
    }
}
