//! `--watch`: the same again, every second.
//!
//! On a terminal each frame is drawn over the last one, line by line, so that nothing flickers; in
//! a pipe frames follow each other with an empty line between them (JSON: one document after the
//! other). While the admin API cannot be reached the last frame stays, with a line that says so
//! and for how long: the moment a proxy restarts is when one watches.

use core::time::Duration;

use soe503_api::{Pool, Timestamp, client::Client};

use super::status::{Answer, Format, StatusArgs, fetch, render};
use crate::{
    clock,
    exit::{Exit, Failure},
    show::{Canvas, Line, age, print, print_exactly, style},
};

const EVERY: Duration = Duration::from_secs(1);

/// Shows `first`, then asks and shows for ever. Ends when interrupted, or when standard output
/// can no longer be written to.
pub(super) async fn run(
    client: &Client,
    args: &StatusArgs,
    first: Answer,
) -> Result<Exit, Failure> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut last = Seen::now(first.pools);
    let mut body = Some(first.body);
    let mut trouble = None;
    loop {
        match (args.output, &body) {
            (Format::Json, Some(body)) => print_exactly(body)?,
            // Standard output is for the API's words alone.
            (Format::Json, None) => complain(trouble.as_ref()),
            _ => print(&frame(args, &last, trouble.as_ref(), Canvas::stdout()))?,
        }
        ticks.tick().await;
        match fetch(client, args).await {
            Ok(answer) => {
                last = Seen::now(answer.pools);
                body = Some(answer.body);
                trouble = None;
            }
            Err(failure) => {
                body = None;
                trouble = Some(failure);
            }
        }
    }
}

fn complain(trouble: Option<&Failure>) {
    if let Some(failure) = trouble {
        anstream::eprintln!("{}", failure.message());
    }
}

/// The last answer and when it came.
struct Seen {
    pools: Vec<Pool>,
    at: Timestamp,
}

impl Seen {
    fn now(pools: Vec<Pool>) -> Self {
        Self {
            pools,
            at: clock::wall(),
        }
    }
}

fn frame(args: &StatusArgs, last: &Seen, trouble: Option<&Failure>, canvas: Canvas) -> String {
    let mut text = String::new();
    if let Some(failure) = trouble {
        let old = age(clock::wall().since(last.at));
        let mut line = Line::default();
        line.put(&failure.message(), style::BAD);
        line.put(&format!(" (below: {old} ago)"), style::QUIET);
        line.end(&mut text);
        text.push('\n');
    }
    text.push_str(&render(&last.pools, args, canvas));
    match canvas.height {
        Some(height) => redraw(&text, height),
        None => text + "\n",
    }
}

/// `text` drawn from the top left corner, over whatever is there, in `height` lines at most.
fn redraw(text: &str, height: usize) -> String {
    let total = text.lines().count();
    let room = height.saturating_sub(1);
    let shown = if total > room {
        room.saturating_sub(1)
    } else {
        total
    };
    let mut out = String::from("\x1b[H");
    for line in text.lines().take(shown) {
        out.push_str(line);
        out.push_str("\x1b[K\n");
    }
    if total > shown {
        out.push_str(&format!("({} more lines)\x1b[K\n", total - shown));
    }
    out.push_str("\x1b[J");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_never_scrolls() {
        let text = "1\n2\n3\n4\n5\n";
        let tall = redraw(text, 24);
        assert_eq!(tall.matches('\n').count(), 5);
        assert!(tall.starts_with("\x1b[H1\x1b[K\n") && tall.ends_with("\x1b[J"));
        let flat = redraw(text, 4);
        assert_eq!(flat, "\x1b[H1\x1b[K\n2\x1b[K\n(3 more lines)\x1b[K\n\x1b[J");
    }
}
