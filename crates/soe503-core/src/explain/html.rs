//! The problem document as a page: one file, no script, light and dark.

use core::fmt::Write;

use super::clean::html;
use super::problem::Problem;
use super::text::{facts, observed};

/// Kept small: it counts towards the 4 KiB of every page.
const STYLE: &str = "\
:root{color-scheme:light dark;--a:#b3261e;--d:#5b6470;--l:#8883}\
@media(prefers-color-scheme:dark){:root{--a:#ff8a7d;--d:#9aa4b2}}\
body{margin:0;font:16px/1.5 system-ui,sans-serif}\
main{max-width:44rem;margin:auto;padding:8vh 1.5rem}\
b{color:var(--a);letter-spacing:.08em}\
h1{font-size:1.8rem;line-height:1.2;margin:.3rem 0 1rem}\
h2{font-size:.8rem;text-transform:uppercase;letter-spacing:.08em;color:var(--d);margin:2rem 0 .4rem}\
ul{padding-left:1.1rem;margin:0}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;border-top:1px solid var(--l);\
border-bottom:1px solid var(--l);padding:1rem 0}\
dt{color:var(--d)}dd,code{margin:0;font:.9em ui-monospace,monospace;overflow-wrap:anywhere}";

/// The page.
pub(super) fn to_html(problem: &Problem) -> String {
    let mut out = String::with_capacity(4096);
    let title = html(problem.title);
    let _ = write!(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <meta name=robots content=noindex><title>{} {title}</title><style>{STYLE}</style>\
         <main><b>{}</b><h1>{title}</h1><p>{}</p><dl><dt>cause<dd>{} ({})",
        problem.status,
        html(&problem.code),
        html(&problem.detail),
        problem.cause,
        problem.grade.word(),
    );
    for (name, value) in facts(problem) {
        let _ = write!(out, "<dt>{name}<dd>{}", html(&value));
    }
    out.push_str("</dl>");
    list(
        &mut out,
        "What was seen",
        observed(problem).iter().map(|line| html(line)),
    );
    let ruled_out = problem.ruled_out.iter();
    list(
        &mut out,
        "What it is not",
        ruled_out.map(|r| format!("<code>{}</code>: {}", r.cause, html(&r.because))),
    );
    if let Some(actions) = &problem.actions {
        let now = actions.quick.iter().map(|line| html(line));
        list(&mut out, "Now", now);
        list(
            &mut out,
            "For good",
            actions.long_term.iter().map(|line| html(line)),
        );
        let verify = actions.verify.iter();
        list(
            &mut out,
            "Verify",
            verify.map(|line| format!("<code>{}</code>", html(line))),
        );
    }
    out.push_str("</main></html>");
    out
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = write!(out, "<h2>{title}</h2><ul>");
    for line in lines {
        let _ = write!(out, "<li>{line}");
    }
    out.push_str("</ul>");
}
