//! Which keys lead to which order, and that there is one.

use soe503_api::BreakerAction;

use super::*;

fn backend(action: BackendAction, backend: &str) -> Act {
    Act::Backend {
        pool: "app".to_owned(),
        backend: backend.to_owned(),
        action,
    }
}

fn circuit(pool: &str, action: BreakerAction) -> Act {
    Act::Circuit {
        pool: pool.to_owned(),
        action,
    }
}

fn of_maintenance(action: MaintenanceAction) -> Act {
    Act::Maintenance {
        pool: "app".to_owned(),
        action,
    }
}

type Row = (&'static str, &'static [&'static str], Act, bool, bool);

/// Pool, entries of the menus, the act; whether it takes a reason, and an end.
fn rows() -> Vec<Row> {
    use BackendAction::{Disable, Drain, Enable};
    use MaintenanceAction::{End, Start};
    vec![
        (
            "app",
            &["app-1", "drain"],
            backend(Drain, "app-1"),
            true,
            true,
        ),
        (
            "app",
            &["app-4", "disable"],
            backend(Disable, "app-4"),
            true,
            true,
        ),
        (
            "app",
            &["app-3", "enable"],
            backend(Enable, "app-3"),
            true,
            false,
        ),
        (
            "app",
            &["circuit open"],
            circuit("app", BreakerAction::Open),
            true,
            false,
        ),
        (
            "app",
            &["circuit closed"],
            circuit("app", BreakerAction::Close),
            true,
            false,
        ),
        (
            "search",
            &["reset"],
            circuit("search", BreakerAction::Reset),
            true,
            false,
        ),
        (
            "held",
            &["reset"],
            circuit("held", BreakerAction::Reset),
            true,
            false,
        ),
        ("app", &["begin"], of_maintenance(Start), true, true),
        ("app", &["end maint"], of_maintenance(End), false, false),
        ("app", &["reload"], Act::Reload, false, false),
    ]
}

#[test]
fn each_act_is_ordered_once() {
    for (pool, entries, act, reason, end) in rows() {
        for filled in [false, true] {
            let mut state = form(pool, entries);
            let named = text(&mut state, SMALL);
            let title = format!("{}?", act.words().title);
            assert!(named.contains(&title), "{title}: {named}");
            let typed = if filled { "why\t30m" } else { "" };
            let mut typed = decide(&mut state, typed);
            assert_eq!(typed, []);
            typed.extend(decide(&mut state, "\n"));
            let until = state.now.after(Duration::from_secs(30 * 60));
            // Without a second field everything is typed into the one that there is.
            let why = if end { "why" } else { "why30m" };
            let order = Order {
                act: act.clone(),
                reason: (filled && reason).then(|| why.to_owned()),
                until: (filled && end).then_some(until),
            };
            assert_eq!(typed, [order]);
            // Enter again, other keys, a look: nothing is done again.
            assert_eq!(decide(&mut state, "\n\nx\n"), []);
            state.news(Ok(look(sample::pools().pools, open())));
            assert_eq!(decide(&mut state, "\n"), []);
            state.came(Came::Done);
            // It is over: this opens what is selected.
            assert_eq!(decide(&mut state, "\n\n"), []);
            assert!(!state.acting.open());
        }
    }
}

#[test]
fn who_goes_back_has_done_nothing() {
    for (pool, entries, ..) in rows() {
        // From the form, through each menu, to the overview.
        for steps in 0..=entries.len() {
            let mut state = form(pool, &entries[..steps]);
            decide(&mut state, "why");
            for left in (0..=steps).rev() {
                assert!(state.acting.open(), "{entries:?} {left}");
                // The first one ends a filter, if there is one.
                let filtered = !state.filter().text.is_empty() && state.acting.form().is_none();
                let keys = if filtered { "\x1b\x1b" } else { "\x1b" };
                assert_eq!(decide(&mut state, keys), []);
            }
            assert!(!state.acting.open(), "{entries:?}");
            assert!(text(&mut state, SMALL).contains("only"), "the overview");
        }
    }
}

#[test]
fn no_act_begins_before_the_last_has_an_answer() {
    let mut state = form("app", &["reload"]);
    assert_eq!(decide(&mut state, "\n").len(), 1);
    decide(&mut state, "\x1b\x1b\x1b");
    decide(&mut state, "a/circuit open\n\n");
    assert_eq!(decide(&mut state, "why\n"), []);
    let told = text(&mut state, SMALL);
    assert!(told.contains("The act before has no answer yet."), "{told}");
    state.came(Came::Done);
    // Its answer closes no other form.
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("> Reason why_") && told.contains("is in force."),
        "{told}"
    );
    let orders = decide(&mut state, "\n");
    assert_eq!(orders[0].act, circuit("app", BreakerAction::Open));
}

#[test]
fn a_page_has_the_acts_of_what_it_shows() {
    let mut state = outage();
    // That of a pool, whatever is selected meanwhile.
    decide(&mut state, "jj\na");
    assert!(text(&mut state, SMALL).contains("Pool app "));
    assert_eq!(decide(&mut state, "/app-1\n\n\n").len(), 0);
    assert_eq!(
        decide(&mut state, "\n")[0].act,
        backend(BackendAction::Drain, "app-1")
    );
    state.came(Came::Done);
    assert!(
        text(&mut state, SMALL).contains("retry budget"),
        "the page is still there"
    );
    // One of none has the configuration.
    decide(&mut state, "ca");
    assert!(text(&mut state, SMALL).contains("This proxy"));
    assert_eq!(state.entries().len(), 1);
    assert_eq!(state.wanted(), Some(Wanted::Causes));
    let mut state = seen(&[], &[], 0);
    assert_eq!(decide(&mut state, "a\n\n")[0].act, Act::Reload);
    assert_eq!(state.wanted(), None);
}

#[test]
fn letters_are_text_in_a_form_and_keys_in_a_menu() {
    let mut state = form("app", &["app-1", "drain"]);
    assert_eq!(decide(&mut state, "qacn/jkgG"), []);
    assert!(text(&mut state, SMALL).contains("> Reason qacn/jkgG_"));
    assert_eq!(state.key(Key::Interrupt), Next::Quit);
    assert_eq!(state.key(Key::Escape), Next::Go);
    assert_eq!(state.key(Key::Letter('q')), Next::Quit);
}
