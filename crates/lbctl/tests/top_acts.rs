//! Acts from `lbctl top`, at a real terminal: what the admin API is asked, and how often.
#![cfg(target_os = "linux")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::sync::{Mutex, mpsc};

use support::{INCIDENT, POOLS, Server, http, pool, problem};
use terminal::Top;

/// The sample pools and an open incident; a backend can be drained, and the configuration not be read again.
fn admin() -> Server {
    Server::start(|asked| {
        let summary: serde_json::Value = serde_json::from_str(INCIDENT).unwrap();
        let answer = match &*asked.line {
            "GET /api/v1/pools" => http("200 OK", "", POOLS),
            "GET /api/v1/incidents?open=true" => {
                http("200 OK", "", &format!("{{\"incidents\":[{summary}]}}"))
            }
            "GET /api/v1/maintenance" => http("200 OK", "", r#"{"maintenance":[]}"#),
            "POST /api/v1/pools/app/backends/app-1/drain" => {
                http("200 OK", "", &pool("app").to_string())
            }
            "POST /api/v1/config/reload" => {
                problem("403 Forbidden", "This token is the one of read_token_file.")
            }
            _ => problem("404 Not Found", "there is no such thing here"),
        };
        answer.into_bytes()
    })
}

fn acts(admin: &Server) -> Vec<(String, String)> {
    let asked = admin.asked().into_iter();
    let acts = asked.filter(|asked| asked.line.starts_with("POST "));
    let body = |whole: &str| whole.split_once("\r\n\r\n").unwrap().1.to_owned();
    acts.map(|asked| (asked.line, body(&asked.whole))).collect()
}

/// A backend is drained, and somebody who may only look is told so.
#[test]
fn one_acts_and_is_told_what_came_of_it() {
    let admin = admin();
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    top.types("/app\ra");
    top.shows("Begin maintenance         not in force");
    top.types("/app-1\r\r");
    top.shows("Backend app-1 of pool app");
    top.types("/drain\r\r");
    top.shows("Drain backend app-1 of pool app?");
    top.wait("pasted is typed", |seen| seen.contains("\x1b[?2004h"));
    // What is pasted has lines, and none of them is a decision.
    top.types("new \x1b[200~kernel\r\non it\r\x1b[201~\t2100-01-01T00:00:00Z");
    top.shows("new kernel on it");
    top.shows("2100-01-01T00:00:00Z_");
    assert_eq!(acts(&admin), []);
    top.reads();
    let looks = |admin: &Server| {
        let asked = admin.asked();
        let act = asked.iter().position(|a| a.line.starts_with("POST "));
        let after = &asked[act.map_or(asked.len(), |at| at + 1)..];
        after.iter().any(|a| a.line == "GET /api/v1/pools")
    };
    assert!(!looks(&admin));
    // However often it is pressed.
    top.types("\r\r\r");
    top.shows("Draining backend app-1 of pool app.");
    let drain = "POST /api/v1/pools/app/backends/app-1/drain".to_owned();
    let body = r#"{"reason":"new kernel on it","until":"2100-01-01T00:00:00.000Z"}"#.to_owned();
    assert_eq!(acts(&admin), [(drain.clone(), body)]);
    top.reads();
    assert!(looks(&admin));

    // One that came after the answer has opened the pool; then the filter goes. A letter right after an Escape would
    // be another key.
    for _ in 0..2 {
        top.types("\x1b");
        top.reads();
    }
    top.shows("OPEN INCIDENT");
    top.types("a/reload\r\r");
    top.shows("Reload the configuration?");
    top.reads();
    top.types("\r");
    top.shows("Not done: Reload the configuration. This token is the one of");
    let reload = "POST /api/v1/config/reload".to_owned();
    let lines: Vec<_> = acts(&admin).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [drain, reload]);
    // From the form through the menu, whose filter goes first.
    top.types("\x1b");
    top.shows("only \"reload\"");
    top.types("\x1b");
    top.shows("Reset circuit");
    top.types("\x1b");
    top.shows("OPEN INCIDENT");
    top.types("q");
    top.wait("paste is not given back", |seen| {
        seen.contains("\x1b[?2004l")
    });
    top.ends_well();
    assert_eq!(acts(&admin).len(), 2);
}

/// What was begun has an answer, also for whoever has left.
#[test]
fn who_quits_after_an_act_is_told_what_came_of_it() {
    let (tell, told) = mpsc::channel::<()>();
    let told = Mutex::new(told);
    let admin = Server::start(move |asked| {
        let answer = match &*asked.line {
            "GET /api/v1/pools" => http("200 OK", "", POOLS),
            "GET /api/v1/incidents?open=true" => http("200 OK", "", r#"{"incidents":[]}"#),
            "POST /api/v1/config/reload" => {
                told.lock().unwrap().recv().unwrap();
                http("200 OK", "", r#"{"reloaded":true}"#)
            }
            _ => problem("404 Not Found", "there is no such thing here"),
        };
        answer.into_bytes()
    });
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    top.types("a/reload\r\r");
    top.shows("Reload the configuration?");
    top.reads();
    top.types("\r");
    top.shows("Waiting for the answer");
    top.types("\x03");
    top.wait("not back", |seen| seen.contains("\x1b[?1049l"));
    top.shows("Waiting for the answer to: Reload the configuration");
    tell.send(()).unwrap();
    top.shows("The configuration was read again and is in force.");
    assert_eq!(top.end().code(), Some(0));
    assert_eq!(acts(&admin).len(), 1);
}
