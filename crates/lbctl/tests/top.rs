//! `lbctl top` at a real terminal: a pseudo-terminal whose other end is this test.
#![cfg(target_os = "linux")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustix::process::{Signal, kill_process};
use support::{
    CHANGES, INCIDENT, INCIDENTS, POOLS, Server, ask, http, lbctl, nobody, problem, said,
};
use terminal::Top;

/// The sample pools, an open incident, and the name of the proxy; garbage while `away`, and then another name.
fn admin(away: &Arc<AtomicBool>) -> Server {
    let away = Arc::clone(away);
    let was_away = AtomicBool::new(false);
    Server::start(move |asked| {
        if away.load(Ordering::SeqCst) {
            was_away.store(true, Ordering::SeqCst);
            return b"garbage\r\n\r\n".to_vec();
        }
        let summary: serde_json::Value = serde_json::from_str(INCIDENT).unwrap();
        let answer = match &*asked.line {
            "GET /api/v1/pools" => http("200 OK", "", POOLS),
            "GET /api/v1/incidents?open=true" => {
                http("200 OK", "", &format!("{{\"incidents\":[{summary}]}}"))
            }
            "GET /api/v1/incidents" => http("200 OK", "", INCIDENTS),
            "GET /api/v1/changes" => http("200 OK", "", CHANGES),
            "GET /api/v1/incidents/01KAPX3Q" => http("200 OK", "", INCIDENT),
            "GET /api/v1/config" => {
                let name = match was_away.load(Ordering::SeqCst) {
                    true => "edge-eu2",
                    false => "edge-eu1",
                };
                let body = format!(r#"{{"server":{{"name":"{name}"}}}}"#);
                http("200 OK", "", &body)
            }
            _ => problem("404 Not Found", "there is no such thing here"),
        };
        answer.into_bytes()
    })
}

#[test]
fn one_looks_around_and_quits() {
    let admin = admin(&Arc::default());
    let mut top = Top::start(&admin.url(""));
    top.shows("edge-eu1");
    top.shows("OPEN INCIDENT");
    assert!(top.raw());
    top.types("\r");
    top.shows("retry budget");
    top.types("\x1b");
    top.shows("OPEN INCIDENT");
    top.types("\t\r");
    top.shows("Ruled out");
    assert!(
        admin
            .asked()
            .iter()
            .any(|a| a.line == "GET /api/v1/incidents/01KAPX3Q")
    );
    top.types("n");
    top.shows("8s later: incident 01KAPX3Q (open, inferred)");
    top.types("q");
    top.ends_well();
}

#[test]
fn a_signal_ends_it_and_gives_the_terminal_back() {
    let admin = admin(&Arc::default());
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let top = Top::start(&admin.url(""));
        top.shows("live");
        kill_process(top.id, signal).unwrap();
        top.ends_well();
    }
}

#[test]
fn it_ends_with_its_terminal() {
    let admin = admin(&Arc::default());
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    top.hang_up();
    // By itself, and not by a panic.
    assert!(top.end().code().is_some());
}

#[test]
fn a_lost_connection_is_told_and_found_again() {
    let away = Arc::default();
    let admin = admin(&away);
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    away.store(true, Ordering::SeqCst);
    top.shows("lost");
    top.shows("is not the soe503 admin API");
    away.store(false, Ordering::SeqCst);
    top.shows("live");
    // It may be another one.
    top.shows("edge-eu2");
    top.types("q");
    top.ends_well();
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let said = said(lbctl().arg("top"));
    assert_eq!((said.code, &*said.out), (2, ""));
    assert!(said.err.contains("needs a terminal"), "{}", said.err);
    assert!(
        said.err.contains("lbctl pool status --watch"),
        "{}",
        said.err
    );
}

#[test]
fn nobody_to_ask_is_told_before_the_terminal_is_taken() {
    let nobody = nobody();
    let mut top = Top::start(&nobody.url);
    assert_eq!(top.end().code(), Some(3));
    top.shows("no admin API at");
    assert!(!top.seen().contains("\x1b[?1049h"), "{}", top.seen());
    assert_eq!(ask(&nobody.url, &["pool", "status"]).code, 3);
}
