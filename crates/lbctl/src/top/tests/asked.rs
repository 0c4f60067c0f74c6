//! Pages of what is asked for itself: an incident, the causes, the changes.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use soe503_api::{History, HistoryStep, IncidentState};

use super::*;
use crate::top::page::{Answer, Changed};

fn whole() -> Result<Answer, String> {
    Ok(Answer::Incident(Box::new(sample::incident())))
}

/// One failure in five for a while, of two causes, and another one once.
fn history(steps: u64) -> History {
    let step = |n: u64| {
        let mut causes = BTreeMap::new();
        if (60..90).contains(&n) {
            causes.insert("dependency_failure/connect_refused".to_owned(), n - 50);
            causes.insert("circuit_open/consecutive_failures".to_owned(), 12);
        }
        if n == 170 {
            causes.insert("overload/queue_full".to_owned(), 1);
        }
        HistoryStep {
            at: NOW,
            requests: 100 + n % 20,
            failed: causes.values().sum(),
            saved: if n >= 120 { n % 3 } else { 0 },
            causes,
        }
    };
    History {
        step_ms: 5_000,
        most_steps: 180,
        steps: (0..steps).map(step).collect(),
    }
}

/// A deploy from which an incident comes, and a reload from which none does.
fn changed() -> Changed {
    Changed {
        changes: sample::changes().changes,
        incidents: sample::incidents().incidents,
    }
}

fn on(state: &mut State, key: &str, answer: Result<Answer, String>) {
    press(state, key);
    let mut told = look(sample::pools().pools, open());
    told.asked = Some((state.wanted().unwrap(), answer));
    state.news(Ok(told));
}

fn causes(steps: u64) -> State {
    let mut state = outage();
    on(
        &mut state,
        "c",
        Ok(Answer::Causes(Box::new(history(steps)))),
    );
    state
}

#[test]
fn the_page_of_causes() {
    let mut state = causes(180);
    assert_eq!(state.wanted(), Some(Wanted::Causes));
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
    state.unicode = false;
    assert_snapshot!(text(&mut state, LARGE));
    press(&mut state, "\x1b");
    assert_eq!(state.wanted(), None);
}

/// A process that is young: what was before it is empty, and what nobody has seen is not zero.
#[test]
fn causes_of_a_young_process() {
    assert_snapshot!(text(&mut causes(65), SMALL));
    let nothing = text(&mut causes(0), SMALL);
    assert!(
        nothing.contains("nothing is known yet: counted every 5s"),
        "{nothing}"
    );
    let well = text(&mut causes(20), SMALL);
    assert!(well.contains("no request failed"), "{well}");
    assert!(!well.contains("FAILED BY CAUSE"), "{well}");
}

/// Bars go first, names and numbers stay.
#[test]
fn causes_on_a_narrow_terminal() {
    assert_snapshot!(text(&mut causes(180), (60, 16)));
}

#[test]
fn the_page_of_changes() {
    let mut state = outage();
    on(&mut state, "n", Ok(Answer::Changes(Box::new(changed()))));
    assert_eq!(state.wanted(), Some(Wanted::Changes));
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
    let none = Changed {
        changes: Vec::new(),
        ..changed()
    };
    on(&mut state, "n", Ok(Answer::Changes(Box::new(none))));
    assert!(text(&mut state, SMALL).contains("no changes are known"));
}

/// What goes on is worse than what is over, and says so without colours.
#[test]
fn changes_with_the_incidents_that_come_from_them() {
    let mut told = changed();
    let mut over = told.incidents[0].clone();
    over.id = "01KAPX40".to_owned();
    over.state = IncidentState::Closed;
    if let Some(link) = &mut over.change {
        link.before_ms = -1500;
    }
    told.incidents.insert(0, over);
    let mut state = outage();
    let on_page = |state: &mut State, told: &Changed| {
        on(state, "n", Ok(Answer::Changes(Box::new(told.clone()))));
        text(state, LARGE)
    };
    let both = on_page(&mut state, &told);
    let open = "8s later: incident 01KAPX3Q (open, inferred), dependency_failure/connect_refused";
    assert!(both.contains("✖ 01KAPX3J") && both.contains(open), "{both}");
    let earlier = "1s earlier: incident 01KAPX40 (over, inferred)";
    assert!(both.contains(earlier), "{both}");
    told.incidents.retain(|one| one.id != "01KAPX3Q");
    let over = on_page(&mut state, &told);
    assert!(
        over.contains("◐ 01KAPX3J") && !over.contains("open,"),
        "{over}"
    );
    // Those of nothing that was changed are told elsewhere.
    told.incidents.retain(|one| one.change.is_none());
    assert!(!told.incidents.is_empty());
    let none = on_page(&mut state, &told);
    assert!(
        none.contains("  01KAPX3J") && !none.contains("incident 0"),
        "{none}"
    );
}

/// From one page to the other without the overview; what was asked for before is not shown for it.
#[test]
fn an_answer_belongs_to_its_page() {
    let mut state = causes(180);
    press(&mut state, "n");
    assert!(text(&mut state, SMALL).contains("changes: asking"));
    let mut late = look(sample::pools().pools, open());
    late.asked = Some((Wanted::Causes, Ok(Answer::Causes(Box::new(history(180))))));
    state.news(Ok(late));
    assert!(text(&mut state, SMALL).contains("changes: asking"));
    on(&mut state, "c", Err("there is no such thing".to_owned()));
    let refused = text(&mut state, SMALL);
    assert!(
        refused.contains("failures by cause: there is no such thing"),
        "{refused}"
    );
}

#[test]
fn the_page_of_an_incident() {
    let mut state = outage();
    press(&mut state, "\t\n");
    assert_eq!(state.wanted(), Some(incident("01KAPX3Q")));
    assert!(text(&mut state, SMALL).contains("01KAPX3Q: asking"));
    let mut told = look(sample::pools().pools, open());
    told.asked = Some((incident("01KAPX3Q"), whole()));
    state.news(Ok(told));
    assert_snapshot!(text(&mut state, SMALL));
    let small = (80, 16);
    let _resized = text(&mut state, small);
    assert_eq!(state.key(Key::End), Next::Go);
    let end = text(&mut state, small);
    assert!(
        end.contains("Requests") && !end.contains("Evidence"),
        "{end}"
    );
    // There is nothing below the end: one step up is seen.
    press(&mut state, "jjjk");
    assert_ne!(text(&mut state, small), end);
    press(&mut state, "\x1b");
    assert_eq!(state.wanted(), None);
    assert!(text(&mut state, SMALL).contains("OPEN INCIDENT"));
}

#[test]
fn an_incident_that_is_gone_and_an_answer_for_another() {
    let mut state = outage();
    press(&mut state, "\t\n");
    let mut other = look(sample::pools().pools, open());
    other.asked = Some((incident("another"), whole()));
    state.news(Ok(other));
    assert!(text(&mut state, SMALL).contains("asking"));
    let mut gone = look(sample::pools().pools, open());
    let message = "there is no incident \x1b[31m".to_owned();
    gone.asked = Some((incident("01KAPX3Q"), Err(message)));
    state.news(Ok(gone));
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("01KAPX3Q: there is no incident ?[31m"),
        "{told}"
    );
}
