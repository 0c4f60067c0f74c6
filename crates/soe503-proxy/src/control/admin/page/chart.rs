//! Charts as SVG: stacked bars, a step each, the latest at the right edge.
//!
//! The drawing is stretched to the room it has, so it holds shapes alone; what is written stands beside it. What the
//! shapes say, a table says as well.

use soe503_core::Cause;

use super::html::{Html, html};
use super::words::{moment, plural, rate};
use crate::control::history::{Counts, STEP, STEPS, Step};

/// A layer of the stack.
struct Series {
    /// Its class in the style sheet.
    class: &'static str,
    name: String,
    /// One value per step, oldest first.
    values: Vec<u32>,
}

/// How many causes have a colour; the rest share one.
const CAUSES: usize = 5;
const CLASSES: [&str; CAUSES + 1] = ["k0", "k1", "k2", "k3", "k4", "k5"];
/// How high the drawing is, in its own units.
const HEIGHT: f64 = 100.0;
/// How many steps make a line of the table.
const PER_LINE: usize = 12;

/// Requests per second: answered at once, saved, failed.
pub(super) fn traffic(out: &mut Html, steps: &[Step]) {
    let counts = |of: fn(&Counts) -> u32| steps.iter().map(|step| of(&step.counts)).collect();
    let series = [
        Series {
            class: "answered",
            name: "answered".into(),
            values: counts(|c| c.requests.saturating_sub(c.failed).saturating_sub(c.saved)),
        },
        Series {
            class: "saved",
            name: "saved".into(),
            values: counts(|c| c.saved.min(c.requests.saturating_sub(c.failed))),
        },
        Series {
            class: "failed",
            name: "failed".into(),
            values: counts(|c| c.failed),
        },
    ];
    chart(out, "traffic", "Requests per second", steps, &series);
}

/// Failed requests per second, by cause.
pub(super) fn causes(out: &mut Html, steps: &[Step]) {
    let mut totals: Vec<(Cause, u64)> = Vec::new();
    for (cause, count) in steps.iter().flat_map(|step| &step.causes) {
        match totals.iter_mut().find(|(known, _)| known == cause) {
            Some((_, total)) => *total += u64::from(*count),
            None => totals.push((*cause, u64::from(*count))),
        }
    }
    totals.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
    let named: Vec<Cause> = totals
        .iter()
        .take(CAUSES)
        .map(|(cause, _)| *cause)
        .collect();
    let of = |step: &Step, wanted: &dyn Fn(Cause) -> bool| {
        let counts = step.causes.iter().filter(|(cause, _)| wanted(*cause));
        counts.map(|(_, count)| *count).sum::<u32>()
    };
    let mut series: Vec<Series> = named
        .iter()
        .zip(CLASSES)
        .map(|(cause, class)| Series {
            class,
            name: cause.id().to_owned(),
            values: steps
                .iter()
                .map(|step| of(step, &|c| c == *cause))
                .collect(),
        })
        .collect();
    if totals.len() > CAUSES {
        series.push(Series {
            class: CLASSES[CAUSES],
            name: plural((totals.len() - CAUSES) as u64, "other cause"),
            values: steps
                .iter()
                .map(|step| of(step, &|c| !named.contains(&c)))
                .collect(),
        });
    }
    chart(
        out,
        "causes",
        "Failures per second, by cause",
        steps,
        &series,
    );
}

/// A pool's requests and failures, small. It says nothing that is not written beside it.
pub(super) fn spark(out: &mut Html, counts: &[Counts]) {
    let series = [
        Series {
            class: "answered",
            name: String::new(),
            values: counts
                .iter()
                .map(|c| c.requests.saturating_sub(c.failed))
                .collect(),
        },
        Series {
            class: "failed",
            name: String::new(),
            values: counts.iter().map(|c| c.failed).collect(),
        },
    ];
    html!(
        out,
        "<svg class=\"spark\" viewBox=\"0 0 ",
        (STEPS),
        " 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">"
    );
    draw(out, &series, highest(&series).max(1));
    html!(out, "</svg>");
}

fn chart(out: &mut Html, id: &str, title: &str, steps: &[Step], series: &[Series]) {
    html!(
        out,
        "<figure class=\"chart\" id=\"",
        (id),
        "\"><figcaption><h3>",
        (title),
        "</h3><ul class=\"legend\">"
    );
    // Of what is not measured there is no number, not even 0.
    for one in series.iter().filter(|_| !steps.is_empty()) {
        let total: u64 = one.values.iter().map(|value| u64::from(*value)).sum();
        html!(
            out,
            "<li><span class=\"swatch ",
            (one.class),
            "\" aria-hidden=\"true\"></span>",
            (one.name),
            " <b>",
            (super::words::count(total)),
            "</b></li>"
        );
    }
    html!(out, "</ul></figcaption>");
    let most = highest(series);
    if most == 0 {
        let what = if id == "causes" {
            "Nothing has failed"
        } else {
            "No request has come"
        };
        let since = match steps.len() {
            0 => {
                "Not measured yet: the first numbers come five seconds after the start.".to_owned()
            }
            STEPS.. => format!("{what} in the last fifteen minutes."),
            _ => format!("{what} since this process started."),
        };
        html!(out, "<p class=\"empty\">", (since), "</p></figure>");
        return;
    }
    let top = nice((most as f64) / STEP.as_secs_f64());
    html!(
        out,
        "<div class=\"plot\"><span class=\"top\" aria-hidden=\"true\">",
        (rate(top)),
        "</span>",
        "<svg viewBox=\"0 0 ",
        (STEPS),
        " 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
        (title),
        ", in the last fifteen minutes; at most ",
        (rate((most as f64) / STEP.as_secs_f64())),
        "\">",
        "<path class=\"grid\" d=\"M0 50H",
        (STEPS),
        "\"></path>"
    );
    draw(out, series, (top * STEP.as_secs_f64()).round() as u64);
    html!(
        out,
        "</svg><p class=\"axis\" aria-hidden=\"true\"><span>−15 min</span><span>−10</span><span>−5</span><span>now</span></p></div>"
    );
    table(out, id, steps, series);
    html!(out, "</figure>");
}

/// Stacks `series`; `top` is what reaches the upper edge.
fn draw(out: &mut Html, series: &[Series], top: u64) {
    let unit = HEIGHT / top as f64;
    let count = series.first().map_or(0, |one| one.values.len());
    let mut base = vec![0_u64; count];
    for one in series {
        html!(out, "<path class=\"", (one.class), "\" d=\"");
        for (at, value) in one.values.iter().enumerate() {
            if *value == 0 {
                continue;
            }
            let below = base[at] as f64 * unit;
            // What is there can be seen.
            let high = (f64::from(*value) * unit).max(1.5);
            let x = STEPS - count.min(STEPS) + at;
            html!(
                out,
                "M",
                (x),
                " ",
                (format_args!("{:.1}", HEIGHT - below)),
                "v-",
                (format_args!("{high:.1}")),
                "h.9v",
                (format_args!("{high:.1}")),
                "z"
            );
            base[at] += u64::from(*value);
        }
        html!(out, "\"></path>");
    }
}

/// The same in numbers, a line a minute, the latest first.
fn table(out: &mut Html, id: &str, steps: &[Step], series: &[Series]) {
    html!(
        out,
        "<details id=\"",
        (id),
        "-table\"><summary>as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Per minute\"><table class=\"numbers\"><thead><tr><th scope=\"col\">minute to</th>"
    );
    for one in series {
        html!(out, "<th scope=\"col\">", (one.name), "</th>");
    }
    html!(out, "</tr></thead><tbody>");
    let mut end = steps.len();
    while end > 0 {
        let begin = end.saturating_sub(PER_LINE);
        html!(out, "<tr><th scope=\"row\">");
        moment(out, steps[end - 1].at);
        html!(out, "</th>");
        for one in series {
            let sum: u64 = one.values[begin..end].iter().map(|v| u64::from(*v)).sum();
            html!(out, "<td>", (super::words::count(sum)), "</td>");
        }
        html!(out, "</tr>");
        end = begin;
    }
    html!(out, "</tbody></table></div></details>");
}

/// The highest stack.
fn highest(series: &[Series]) -> u64 {
    let count = series.first().map_or(0, |one| one.values.len());
    let sums = (0..count).map(|at| series.iter().map(|one| u64::from(one.values[at])).sum());
    sums.max().unwrap_or(0)
}

/// The next of 1, 2, 5, 10, 20 … that is not below `value`.
fn nice(value: f64) -> f64 {
    let mut step = 0.1;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if step * factor >= value {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
