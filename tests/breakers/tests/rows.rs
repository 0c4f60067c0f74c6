//! Every row through every breaker, and the page that says what came out.

use std::path::Path;

use soe503_breakers::judge::{self, ALL, Verdict, Whose};
use soe503_breakers::page;

const LOCK: &str = include_str!("../Cargo.lock");

#[test]
fn soe503_passes_every_row_and_the_page_is_current() {
    let judged = judge::all();
    for (case, verdicts) in &judged {
        for (whose, verdict) in ALL.into_iter().zip(verdicts) {
            if let (Whose::Soe503, Verdict::Fails(miss)) = (whose, verdict) {
                panic!("{}: {miss}", case.id);
            }
        }
    }
    let said = page::page(&judged, LOCK);
    let path = Path::new("../..").join(page::PATH);
    if std::env::var_os("SOE503_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, said).expect("the page is written");
        return;
    }
    let there = std::fs::read_to_string(&path).expect("the page");
    let news = said.lines().filter(|line| !there.contains(line));
    let gone = there.lines().filter(|line| !said.contains(line));
    let changed: Vec<String> = gone
        .map(|line| format!("- {line}"))
        .chain(news.map(|line| format!("+ {line}")))
        .collect();
    assert!(
        said == there,
        "{} is out of date, `tests/breakers/run --write` writes it:\n{}",
        page::PATH,
        changed.join("\n")
    );
}
