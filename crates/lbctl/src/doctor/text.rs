//! For people: the traps first, then what traffic has shown, each with the value to set.

use soe503_api::{Advice, Doctor, Lint, Severity};

use crate::show::{Canvas, Line, Mark, age, count, plural, section, style};

/// All of it.
pub(super) fn text(doctor: &Doctor, canvas: Canvas) -> String {
    let mut out = String::new();
    for lint in &doctor.lints {
        one_lint(lint, canvas, &mut out);
    }
    for advice in &doctor.advice {
        one_advice(advice, canvas, &mut out);
    }
    let mut line = Line::default();
    let nothing = doctor.lints.is_empty() && doctor.advice.is_empty();
    if nothing {
        line.put(canvas.symbol(Mark::Good), Mark::Good.style())
            .gap(1)
            .put("nothing to say", style::STRONG)
            .end(&mut out);
        line = Line::default();
    }
    let window = age(core::time::Duration::from_millis(doctor.window_ms));
    let counted = format!(
        "{} in the last {window}, {} failed",
        plural(doctor.requests, "request", "requests"),
        count(doctor.failed)
    );
    line.put(&counted, style::QUIET).end(&mut out);
    out
}

fn one_lint(lint: &Lint, canvas: Canvas, out: &mut String) {
    let mark = match lint.severity {
        Severity::Note => Mark::Partly,
        _ => Mark::Bad,
    };
    head(mark, &lint.key, &lint.id, canvas, out);
    section("wrong", std::slice::from_ref(&lint.wrong), canvas, out);
    let set = lint.set.as_ref().map(|set| format!("set {set}"));
    let todo: Vec<String> = set.into_iter().chain(lint.advice.clone()).collect();
    section("do", &todo, canvas, out);
    let place = match (lint.line, lint.column) {
        (Some(line), Some(column)) => {
            vec![format!("line {line}, column {column}; it is {}", lint.now)]
        }
        _ => vec![format!("it is {}", lint.now)],
    };
    section("where", &place, canvas, out);
    out.push('\n');
}

fn one_advice(advice: &Advice, canvas: Canvas, out: &mut String) {
    let mark = match advice.would_have_saved {
        0 => Mark::Partly,
        _ => Mark::Bad,
    };
    head(mark, &advice.key, &advice.id, canvas, out);
    section("seen", std::slice::from_ref(&advice.why), canvas, out);
    let what = advice.what.replace('`', "");
    section("do", &[what], canvas, out);
    let mut place = format!("pool {}", advice.pool);
    if let Some(route) = &advice.route {
        place += &format!(", route {route}");
    }
    section(
        "where",
        &[format!("{place}; it is {}", advice.now)],
        canvas,
        out,
    );
    let saved = match advice.would_have_saved {
        0 => "no request that failed so far".to_owned(),
        some => format!("up to {} that failed", plural(some, "request", "requests")),
    };
    section("saves", &[saved], canvas, out);
    out.push('\n');
}

fn head(mark: Mark, key: &str, id: &str, canvas: Canvas, out: &mut String) {
    Line::default()
        .put(canvas.symbol(mark), mark.style())
        .gap(1)
        .put(key, style::STRONG)
        .gap(2)
        .put(id, style::QUIET)
        .end(out);
}
