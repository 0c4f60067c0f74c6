use std::time::Duration;

use soe503_core::Tick;

use super::*;
use crate::config::from_str;

/// 2026-11-22T00:00:00Z, a Sunday.
const SUNDAY: u64 = 1_795_305_600;
const HOUR: u64 = 3_600;

fn at(seconds: u64) -> Anchor {
    Anchor::new(
        Tick::from_secs(1_000_000 + seconds),
        Duration::from_secs(SUNDAY + seconds),
    )
}

fn config(maintenance: &str) -> Config {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:80\"\n\
         [[routes]]\npool = \"app\"\n\
         [[routes]]\npool = \"app\"\nmatch = {{ path_prefix = \"/api\" }}\n\
         [[routes]]\npool = \"other\"\nmatch = {{ host = \"other.example\" }}\n\
         [pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n\
         [pools.other]\nbackends = [\"http://127.0.0.1:82\"]\n{maintenance}"
    );
    from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

const WEEKLY: &str = "[[maintenance]]\npools = [\"app\"]\nroutes = [\"other.example/\"]\n\
     weekly = \"sunday 02:00\"\nduration = \"2h\"\nreason = \"new disks\"\n";

/// What interrupts each route: the end, if it has one.
fn seen(book: &Interruptions, seconds: u64) -> [Option<Option<i64>>; 3] {
    let now = at(seconds).tick();
    ["*/", "*/api/", "other.example/"].map(|label| {
        let in_force = book.switch(label).in_force(now)?;
        Some(in_force.notice.end)
    })
}

fn by_hand(book: &Interruptions, target: &str, until: Option<u64>, seconds: u64) {
    let until = until.map(|until| Timestamp::from_unix_secs(SUNDAY + until));
    let why = ("a leak".into(), "ops".into(), None);
    book.start(target, why, until, at(seconds)).unwrap();
}

fn ends(seconds: u64) -> Option<Option<i64>> {
    Some(Some(i64::try_from(SUNDAY + seconds).unwrap()))
}

#[test]
fn a_window_holds_for_its_pools_and_routes_without_anybody_looking() {
    let book = Interruptions::default();
    book.follow(&config(WEEKLY), at(0));
    assert_eq!(seen(&book, 2 * HOUR - 1), [None; 3]);
    assert_eq!(seen(&book, 2 * HOUR), [ends(4 * HOUR); 3]);
    assert_eq!(seen(&book, 4 * HOUR), [None; 3]);
    // A week later it is back, once somebody has looked.
    book.refresh(at(5 * HOUR));
    assert_eq!(
        seen(&book, (7 * 24 + 3) * HOUR),
        [ends((7 * 24 + 4) * HOUR); 3]
    );
    let counts = book.by_pool(at((7 * 24 + 3) * HOUR).tick());
    assert_eq!((counts["app"], counts["other"]), (2, 1));
}

#[test]
fn operators_begin_and_end() {
    let book = Interruptions::default();
    book.follow(&config(""), at(0));
    by_hand(&book, "app", Some(HOUR), 10);
    assert_eq!(seen(&book, 10), [ends(HOUR), ends(HOUR), None]);
    by_hand(&book, "*/api/", None, 20);
    assert_eq!(seen(&book, 20), [ends(HOUR), Some(None), None]);
    assert_eq!(book.list(at(20)).len(), 2);
    // Ending the pool's leaves what was begun for the route.
    assert!(book.end("app", at(30)).unwrap());
    assert_eq!(seen(&book, 30), [None, Some(None), None]);
    assert!(book.end("*/api/", at(40)).unwrap());
    assert!(!book.end("*/api/", at(40)).unwrap());
    assert_eq!(seen(&book, 40), [None; 3]);
    assert!(book.switch("*/").is_idle(), "requests pay nothing again");
    // What is over by itself is not listed for ever.
    by_hand(&book, "app", Some(100), 50);
    book.refresh(at(101));
    assert!(book.list(at(101)).is_empty());
    let unknown = book.end("ap", at(0)).unwrap_err();
    let known: Vec<_> = unknown.known.iter().map(|name| &**name).collect();
    assert_eq!(known, ["app", "other", "*/", "*/api/", "other.example/"]);
}

#[test]
fn a_window_that_is_ended_stays_ended_for_that_target_until_its_next_time() {
    let book = Interruptions::default();
    book.follow(&config(WEEKLY), at(0));
    assert!(book.end("app", at(3 * HOUR)).unwrap());
    let rest = [None, None, ends(4 * HOUR)];
    assert_eq!(seen(&book, 3 * HOUR + 1), rest);
    // A reload with the same window does not bring it back.
    book.follow(&config(WEEKLY), at(3 * HOUR + 2));
    assert_eq!(seen(&book, 3 * HOUR + 3), rest);
    let listed = book.list(at(3 * HOUR + 3));
    assert!(listed[0].in_force && listed[0].pools.is_empty());
    book.refresh(at(5 * HOUR));
    assert_eq!(
        seen(&book, (7 * 24 + 2) * HOUR),
        [ends((7 * 24 + 4) * HOUR); 3]
    );
}

#[test]
fn a_reload_keeps_what_operators_began() {
    let book = Interruptions::default();
    book.follow(&config(WEEKLY), at(0));
    let switch = book.switch("*/");
    by_hand(&book, "app", None, 10);
    book.follow(&config(""), at(20));
    assert!(switch.in_force(at(20).tick()).is_some());
    let listed = book.list(at(20));
    assert!(listed.len() == 1 && listed[0].manual);
}
