//! `lbctl journal`: what survives a restart, and whether it is written.

use clap::Args;
use core::time::Duration;
use soe503_api::{Journal, JournalState, Timestamp};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, Line, Mark, age, count, plural, print, print_exactly, section, style},
};

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Shows the journal; exit code 1 if it cannot be written.
pub(crate) async fn run(admin: &AdminArgs, args: &JournalArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let reply = client
        .journal()
        .await
        .map_err(|e| admin::explain(&client, e))?;
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&text(&reply.value, clock::wall(), Canvas::stdout()))?,
    }
    Ok(match reply.value.state {
        JournalState::Failing => Exit::Unhealthy,
        _ => Exit::Fine,
    })
}

fn text(journal: &Journal, now: Timestamp, canvas: Canvas) -> String {
    let mut out = String::new();
    let (mark, state) = match journal.state {
        JournalState::Off => {
            return "there is no journal: nothing survives a restart; see `path` of [journal]\n"
                .to_owned();
        }
        JournalState::Open => (Mark::Good, "written"),
        JournalState::Opening => (Mark::Partly, "being opened and checked"),
        JournalState::Failing => (Mark::Bad, "cannot be written"),
        _ => (Mark::Unknown, "in a state that this lbctl does not know"),
    };
    Line::default()
        .put(canvas.symbol(mark), mark.style())
        .gap(1)
        .put(journal.path.as_deref().unwrap_or_default(), style::STRONG)
        .gap(2)
        .put(state, mark.style())
        .end(&mut out);
    let mut put = |label, items: &[String]| section(label, items, canvas, &mut out);
    put("Trouble", &trouble(journal, now));
    put("Has", &[has(journal, now)]);
    put("Bounds", &[bounds(journal)]);
    put("Since start", &[since_start(journal)]);
    put("Set aside", &set_aside(journal, now));
    out
}

fn trouble(journal: &Journal, now: Timestamp) -> Vec<String> {
    let trouble = journal.trouble.iter();
    let told = trouble.map(|trouble| {
        let since = age(now.since(trouble.since));
        format!("{} for {since}: {}", trouble.kind, trouble.detail)
    });
    told.collect()
}

fn has(journal: &Journal, now: Timestamp) -> String {
    let entries = &journal.entries;
    let mut has = format!(
        "{}, {}, {}",
        plural(entries.failures, "failed request", "failed requests"),
        plural(entries.incidents, "incident", "incidents"),
        plural(entries.changes, "change marker", "change markers"),
    );
    if let Some(oldest) = journal.oldest {
        has.push_str(&format!("; the oldest {} ago", age(now.since(oldest))));
    }
    if let Some(last) = journal.last_commit {
        has.push_str(&format!("; last written {} ago", age(now.since(last))));
    }
    has
}

fn bounds(journal: &Journal) -> String {
    let size = |bytes: Option<u64>| size(bytes.unwrap_or_default());
    let longest = Duration::from_secs(journal.max_age_s.unwrap_or_default());
    format!(
        "{} of {}, {}, {} a second of each pool and cause",
        size(journal.size),
        size(journal.max_size),
        age(longest),
        plural(
            journal.sample.unwrap_or_default().into(),
            "failed request",
            "failed requests"
        ),
    )
}

fn since_start(journal: &Journal) -> String {
    format!(
        "{} written, {} lost, {} removed by age, {} by size",
        count(journal.written),
        count(journal.dropped),
        count(journal.removed_by_age),
        count(journal.removed_by_size),
    )
}

fn set_aside(journal: &Journal, now: Timestamp) -> Vec<String> {
    let aside = journal.set_aside.iter();
    let told = aside.map(|aside| {
        let ago = age(now.since(aside.at));
        format!("{}, {ago} ago: {}", aside.path, aside.why)
    });
    told.collect()
}

/// Bytes, as far as they matter here: `64.0MiB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{}KiB", bytes.div_ceil(1024)),
        _ => format!("{:.1}MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample::{PIPE, plain};

    const GOLDEN: &str = include_str!("../../soe503-api/tests/golden/journal.json");

    #[test]
    fn a_journal_in_a_pipe() {
        let now = "2026-11-22T17:45:08Z".parse().unwrap();
        let failing: Journal = serde_json::from_str(GOLDEN).unwrap();
        insta::assert_snapshot!("failing", plain(&text(&failing, now, PIPE), PIPE));
        let open = Journal {
            state: JournalState::Open,
            trouble: None,
            set_aside: None,
            size: Some(73_728),
            ..failing.clone()
        };
        insta::assert_snapshot!("open", plain(&text(&open, now, PIPE), PIPE));
        let off = Journal {
            state: JournalState::Off,
            ..failing
        };
        assert!(text(&off, now, PIPE).starts_with("there is no journal"));
    }
}
