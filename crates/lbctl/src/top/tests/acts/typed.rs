//! What is typed into a form, and when it is a decision.

use super::*;

#[test]
fn a_wrong_end_is_told_and_what_was_typed_stays() {
    let mut state = form("app", &["app-1", "drain"]);
    assert_eq!(decide(&mut state, "why\tsoon\n"), []);
    let told = text(&mut state, SMALL);
    for part in ["Until \"soon\"", "30m", "Reason why", "> Until  soon_"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // What is in the past is no end either, and the key after it is for the text.
    assert_eq!(decide(&mut state, "\x08\x08\x08\x08"), []);
    assert_eq!(decide(&mut state, "2020-01-01T00:00:00Z\n"), []);
    assert!(text(&mut state, SMALL).contains("not in the future"));
    decide(&mut state, &"\x08".repeat(20));
    let orders = decide(&mut state, "1h\n");
    let end = state.now.after(Duration::from_secs(3600));
    assert_eq!(orders[0].until, Some(end));
    assert_eq!(orders[0].reason.as_deref(), Some("why"));
}

#[test]
fn a_reason_that_is_too_long_is_not_cut() {
    let mut state = form("app", &["app-1", "drain"]);
    state.paste(&"ü".repeat(251));
    assert_eq!(decide(&mut state, "\t1h\n"), []);
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("The reason has 502 bytes: 500 are the most."),
        "{told}"
    );
    assert!(told.contains("> Reason"), "{told}");
    let orders = decide(&mut state, "\x08\n");
    assert_eq!(orders[0].reason.as_ref().map(String::len), Some(500));
}

#[test]
fn what_is_pasted_decides_nothing() {
    let mut state = form("app", &["app-1", "drain"]);
    later(&mut state, READ);
    state.paste("new\r\nkernel\x1b[2J\n\n");
    assert!(text(&mut state, SMALL).contains("> Reason new kernel[2J_"));
    // Where nobody types it is nothing, and in a filter it is text.
    let mut state = outage();
    state.paste("aq\n");
    assert!(!state.acting.open());
    press(&mut state, "/");
    state.paste("st\natic");
    assert!(text(&mut state, SMALL).contains("/st atic_"));
    press(&mut state, "\x1ba/");
    state.paste("RELOAD\n");
    assert_eq!(state.entries().len(), 1);
}

#[test]
fn an_enter_that_is_held_down_opens_a_form_and_no_more() {
    let mut state = outage();
    press(&mut state, "jja");
    for millis in [500, 600, 30, 30, 30, 30, 30, 30, 240] {
        later(&mut state, Duration::from_millis(millis));
        assert_eq!(state.key(Key::Enter), Next::Go);
    }
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("Hold the circuit of pool app open?"),
        "{told}"
    );
    assert!(told.contains("Press Enter once more to do it."), "{told}");
    assert_eq!(decide(&mut state, "\n").len(), 1);
}

#[test]
fn what_is_gone_while_one_decides() {
    let mut state = form("app", &["app-1", "drain"]);
    let mut pools = sample::pools().pools;
    pools[0].backends.remove(0);
    state.news(Ok(look(pools, Vec::new())));
    assert_eq!(decide(&mut state, "why\n"), []);
    let told = text(&mut state, SMALL);
    let gone = "There is no backend \"app-1\" in pool \"app\" any more.";
    assert_eq!(told.matches(gone).count(), 2, "{told}");
    assert!(told.contains("> Reason why_"), "{told}");
    press(&mut state, "\x1b");
    assert!(text(&mut state, SMALL).contains("it is not there any more"));
    press(&mut state, "\x1b");

    state.news(Ok(look(Vec::new(), Vec::new())));
    assert!(text(&mut state, SMALL).contains("it is not there any more"));
    press(&mut state, "\n");

    let mut state = form("app", &["circuit open"]);
    state.news(Ok(look(Vec::new(), Vec::new())));
    assert_eq!(decide(&mut state, "\n"), []);
    assert!(text(&mut state, SMALL).contains("There is no pool \"app\" any more."));
    // It may come back.
    state.news(Ok(look(sample::pools().pools, Vec::new())));
    assert_eq!(decide(&mut state, "\n").len(), 1);
}

/// A name is told whole before anything is done, or nothing is done.
#[test]
fn nobody_decides_on_what_they_cannot_read() {
    let name = "a-backend-whose-name-is-longer-than-the-terminal-is-wide";
    let mut pools = sample::pools().pools;
    pools[0].backends[0].name = name.to_owned();
    let mut state = seen(&pools, &[], 0);
    decide(&mut state, "jja/longer\n\n\n");
    let narrow = text(&mut state, (30, 12));
    let flat: String = narrow.chars().filter(|c| !" \"\n".contains(*c)).collect();
    assert!(flat.contains(name), "{narrow}");
    for size in [(20, 5), (10, 50), (100, 4), (1, 1)] {
        let _drawn = draw(&mut state, size, true);
        assert_eq!(decide(&mut state, "\n"), [], "{size:?}");
    }
    let _drawn = draw(&mut state, (30, 12), true);
    assert_eq!(decide(&mut state, "\n").len(), 1);
}
