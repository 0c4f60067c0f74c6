//! The last minutes as bars: traffic, and failures by cause.

use core::time::Duration;
use std::collections::BTreeMap;

use soe503_api::{History, HistoryStep};

use super::overview::per_second;
use crate::show::{Canvas, Line, age, count, plural, style};

/// One line: a name, its bars, and what they amount to.
struct Lane<'a> {
    name: &'a str,
    style: anstyle::Style,
    /// One value per step, the oldest first.
    values: Vec<u64>,
    /// What a full bar is; that of all causes is the same.
    full: u64,
    /// Of all that failed, or per second.
    last: String,
}

/// From low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LETTERS: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];
/// More columns than this say no more.
const MOST_BARS: usize = 60;
/// Fewer say nothing.
const LEAST_BARS: usize = 6;
/// Between two columns.
const GAP: usize = 2;

/// The page.
pub(super) fn text(history: &History, canvas: Canvas) -> String {
    let steps = &history.steps;
    let step = Duration::from_millis(history.step_ms);
    if steps.is_empty() {
        return format!(
            "nothing is known yet: counted every {}\n",
            age(step.max(Duration::from_secs(1)))
        );
    }
    let seconds = step.as_secs_f64();
    let traffic = traffic(steps, seconds);
    let causes = causes(steps);
    let failed = steps.iter().map(|s| s.failed).sum::<u64>();
    let requests = steps.iter().map(|s| s.requests).sum::<u64>();
    let spanned = step.saturating_mul(u32::try_from(steps.len()).unwrap_or(u32::MAX));

    let width = |of: &dyn Fn(&Lane<'_>) -> usize| {
        let lanes = traffic.iter().chain(&causes);
        lanes.map(of).max().unwrap_or_default()
    };
    let numbers = [
        width(&|lane| count(lane.total()).len()).max("FAILED".len()),
        width(&|lane| lane.last.len()).max("SHARE".len()),
    ];
    let room = canvas.width.unwrap_or(80);
    let name = width(&|lane| lane.name.len()).max("FAILED BY CAUSE".len());
    let others = name + numbers[0] + numbers[1] + 3 * GAP;
    let most = usize::try_from(history.most_steps).unwrap_or(usize::MAX);
    let bars = match room.saturating_sub(others).min(MOST_BARS) {
        ..LEAST_BARS => 0,
        bars => bars,
    };
    let grid = Grid {
        name,
        bars,
        steps_each: most.max(steps.len()).div_ceil(bars.max(1)),
        numbers,
        unicode: canvas.unicode,
    };

    let mut out = String::new();
    let mut head = Line::default();
    head.put(&format!("The last {}: ", age(spanned)), style::PLAIN);
    head.put(&plural(requests, "request", "requests"), style::STRONG);
    let colour = if failed > 0 { style::BAD } else { style::GOOD };
    head.put(", ", style::PLAIN)
        .put(&format!("{} failed", count(failed)), colour);
    if bars > 0 {
        let each = step.saturating_mul(u32::try_from(grid.steps_each).unwrap_or(u32::MAX));
        let each = format!("; a column is {}", age(each));
        if head.width() + each.len() <= room {
            head.put(&each, style::QUIET);
        }
    }
    head.end(&mut out);
    out.push('\n');
    grid.titles(["TRAFFIC", "COUNT", "MOST"], &mut out);
    traffic.iter().for_each(|lane| grid.lane(lane, &mut out));
    out.push('\n');
    if causes.is_empty() {
        out.push_str("no request failed\n");
    } else {
        grid.titles(["FAILED BY CAUSE", "FAILED", "SHARE"], &mut out);
        causes.iter().for_each(|lane| grid.lane(lane, &mut out));
    }
    out
}

fn traffic(steps: &[HistoryStep], seconds: f64) -> Vec<Lane<'static>> {
    type Of = fn(&HistoryStep) -> u64;
    let rows: [(&str, anstyle::Style, Of); 3] = [
        ("requests", style::PLAIN, |step| step.requests),
        ("saved", style::GOOD, |step| step.saved),
        ("failed", style::BAD, |step| step.failed),
    ];
    let rows = rows.into_iter().map(|(name, style, of)| {
        let values: Vec<u64> = steps.iter().map(of).collect();
        let full = values.iter().copied().max().unwrap_or_default();
        let most = per_second(full as f64 / seconds.max(0.001));
        Lane {
            name,
            style,
            values,
            full,
            last: format!("{most}/s"),
        }
    });
    rows.collect()
}

/// The one with the most failures first.
fn causes(steps: &[HistoryStep]) -> Vec<Lane<'_>> {
    let mut by_cause: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        for (cause, failed) in &step.causes {
            let values = by_cause
                .entry(cause)
                .or_insert_with(|| vec![0; steps.len()]);
            values[at] = *failed;
        }
    }
    let all = by_cause.values().flatten();
    let (full, total) = (all.clone().max().copied(), all.sum::<u64>());
    let lanes = by_cause.into_iter().map(|(name, values)| {
        let of = values.iter().sum::<u64>();
        Lane {
            name,
            style: style::BAD,
            values,
            full: full.unwrap_or_default(),
            last: share(of, total),
        }
    });
    let mut lanes: Vec<_> = lanes.filter(|lane| lane.total() > 0).collect();
    lanes.sort_by_key(|lane| core::cmp::Reverse(lane.total()));
    lanes
}

/// A part in percent, never more than it is; little is not nothing.
fn share(part: u64, whole: u64) -> String {
    match part.saturating_mul(100) / whole.max(1) {
        0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// Where everything stands.
struct Grid {
    name: usize,
    /// 0: there is no room for them.
    bars: usize,
    /// How many steps a bar stands for.
    steps_each: usize,
    numbers: [usize; 2],
    unicode: bool,
}

impl Grid {
    fn titles(&self, [name, first, second]: [&str; 3], out: &mut String) {
        let mut line = Line::default();
        line.put(name, style::QUIET)
            .gap(self.name.saturating_sub(name.len()) + GAP);
        if self.bars > 0 {
            line.gap(self.bars + GAP);
        }
        for (title, width) in [first, second].into_iter().zip(self.numbers) {
            line.gap(width.saturating_sub(title.len()))
                .put(title, style::QUIET)
                .gap(GAP);
        }
        line.end(out);
    }

    fn lane(&self, lane: &Lane<'_>, out: &mut String) {
        let total = lane.total();
        let colour = if total > 0 { lane.style } else { style::QUIET };
        let mut line = Line::default();
        line.put(lane.name, style::PLAIN)
            .gap(self.name.saturating_sub(lane.name.len()) + GAP);
        if self.bars > 0 {
            line.put(&self.drawn(lane), colour).gap(GAP);
        }
        let cells = [(count(total), colour), (lane.last.clone(), style::PLAIN)];
        for ((text, colour), width) in cells.into_iter().zip(self.numbers) {
            line.gap(width.saturating_sub(text.len()))
                .put(&text, colour)
                .gap(GAP);
        }
        line.end(out);
    }

    /// The latest at the right edge; what was before the process began is empty.
    fn drawn(&self, lane: &Lane<'_>) -> String {
        let sums = lane.values.rchunks(self.steps_each);
        let sums: Vec<u64> = sums
            .map(|steps| steps.iter().copied().max().unwrap_or(0))
            .collect();
        let levels = if self.unicode { &BLOCKS } else { &LETTERS };
        let bar = |value: u64| match value {
            0 => ' ',
            _ => levels[(value * 8).div_ceil(lane.full.max(1)).clamp(1, 8) as usize - 1],
        };
        let known = sums.iter().rev().map(|sum| bar(*sum));
        let before = self.bars.saturating_sub(sums.len());
        core::iter::repeat_n(' ', before).chain(known).collect()
    }
}

impl Lane<'_> {
    fn total(&self) -> u64 {
        self.values.iter().sum()
    }
}
