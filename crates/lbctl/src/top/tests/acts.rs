//! Acts: how they look, and what they say.

mod calls;
mod orders;
mod typed;

use insta::assert_snapshot;
use soe503_api::{BackendAction, Maintenance, MaintenanceAction, MaintenanceList};

use super::*;
use crate::top::{
    act::{Act, Came, Order},
    page::Answer,
};

/// Long enough for whoever has opened a form to have read it.
const READ: Duration = Duration::from_secs(1);

fn later(state: &mut State, wait: Duration) {
    state.tick(state.now.after(wait));
}

/// The keys, with time to read before each Enter.
fn decide(state: &mut State, keys: &str) -> Vec<Order> {
    let mut orders = Vec::new();
    for key in keys.chars() {
        let key = match key {
            '\n' => Key::Enter,
            '\t' => Key::Tab,
            '\x1b' => Key::Escape,
            '\x08' => Key::Backspace,
            letter => Key::Letter(letter),
        };
        if key == Key::Enter {
            later(state, READ);
        }
        if let Next::Do(order) = state.key(key) {
            orders.push(order);
        }
    }
    orders
}

/// The form of an act of a pool, found by its name in the menus.
fn form(pool: &str, entries: &[&str]) -> State {
    let mut state = outage();
    decide(&mut state, &format!("/{pool}\na"));
    for entry in entries {
        decide(&mut state, &format!("/{entry}\n\n"));
    }
    state
}

fn maintenance(state: &mut State, list: Vec<Maintenance>) {
    let mut told = look(sample::pools().pools, open());
    let answer = Answer::Maintenance(MaintenanceList { maintenance: list });
    told.asked = Some((Wanted::Maintenance, Ok(answer)));
    state.news(Ok(told));
}

fn in_force(pool: &str) -> Maintenance {
    Maintenance {
        pools: vec![pool.to_owned()],
        routes: Vec::new(),
        in_force: true,
        manual: true,
        reason: String::new(),
        by: String::new(),
        status_page: None,
        start: NOW,
        end: None,
    }
}

/// Each terminal that there is a picture of.
fn each_size(state: &mut State) -> String {
    let mut all = String::new();
    for size in [SMALL, LARGE, (48, 16), (20, 5)] {
        all += &format!("{} x {}\n{}\n", size.0, size.1, text(state, size));
    }
    state.unicode = false;
    all += &format!("without unicode\n{}", text(state, (48, 16)));
    state.unicode = true;
    all
}

#[test]
fn the_menu_of_a_pool() {
    let mut state = outage();
    decide(&mut state, "jja");
    maintenance(&mut state, Vec::new());
    assert_snapshot!(each_size(&mut state));
}

#[test]
fn the_menu_of_a_backend() {
    let mut state = form("app", &["app-3"]);
    assert_snapshot!(text(&mut state, SMALL));
    decide(&mut state, "\x1b\x1b/app-1\n\n");
    let up = text(&mut state, SMALL);
    assert!(up.contains(">  Drain             up"), "{up}");
    assert!(up.contains("Disable") && !up.contains("Enable"), "{up}");
}

#[test]
fn the_form() {
    let mut state = form("app", &["app-1", "drain"]);
    decide(&mut state, "new kernel\t30m");
    assert_snapshot!(each_size(&mut state));
}

#[test]
fn the_form_of_the_last_backend() {
    let mut state = form("static", &["cdn", "disable"]);
    let told = text(&mut state, SMALL);
    assert!(told.contains("its requests will fail"), "{told}");
    // One that is out takes nothing with it.
    let mut state = form("app", &["app-2", "drain"]);
    assert!(!text(&mut state, SMALL).contains("will fail"));
}

#[test]
fn an_act_that_is_awaited_refused_and_done() {
    let mut state = form("app", &["app-1", "drain"]);
    assert_eq!(decide(&mut state, "new kernel\n").len(), 1);
    assert_snapshot!(text(&mut state, SMALL));
    // What was sent is no longer changed.
    assert_eq!(decide(&mut state, "?\t2h\n"), []);
    state.paste("more");
    let why = "This token may look and not act: it is the one of `read_token_file`. Use that of `token_file` in [admin].";
    state.came(Came::Refused(why.to_owned()));
    assert_snapshot!(each_size(&mut state));
    // What was typed is still there, and it can be tried again.
    assert_eq!(decide(&mut state, "!\n").len(), 1);
    state.came(Came::Done);
    assert_snapshot!(each_size(&mut state));
}

#[test]
fn an_act_without_an_answer_is_not_offered_again() {
    let mut state = form("app", &["reload"]);
    assert_eq!(decide(&mut state, "\n").len(), 1);
    let why = "Nothing came within 15 s";
    state.came(Came::Unknown(why.to_owned()));
    assert!(!state.acting.open());
    assert_snapshot!(text(&mut state, SMALL));
}

/// Done is told for a while, everything else until somebody has read it.
#[test]
fn what_is_told_goes() {
    let mut state = form("app", &["reload"]);
    decide(&mut state, "\n");
    state.came(Came::Done);
    let done = "is in force.";
    assert!(text(&mut state, SMALL).contains(done));
    // Whoever types just then has not seen it.
    press(&mut state, "j");
    assert!(text(&mut state, SMALL).contains(done));
    later(&mut state, Duration::from_secs(9));
    assert!(text(&mut state, SMALL).contains(done));
    later(&mut state, Duration::from_secs(1));
    assert!(!text(&mut state, SMALL).contains(done));

    decide(&mut state, "a/reload\n\n\n");
    state.came(Came::Refused("It is so.".to_owned()));
    let told = "Not done: Reload the configuration. It is so.";
    later(&mut state, Duration::from_secs(60));
    assert!(text(&mut state, SMALL).contains(told));
    press(&mut state, "\x1b");
    assert!(!text(&mut state, SMALL).contains(told));
}

#[test]
fn an_answer_that_comes_after_the_form_was_left_is_told() {
    let mut state = form("app", &["app-1", "drain"]);
    assert_eq!(decide(&mut state, "\n").len(), 1);
    press(&mut state, "\x1b\x1b\x1b\x1b\x1b");
    assert!(!state.acting.open());
    let awaited = text(&mut state, SMALL);
    assert!(
        awaited.contains("Waiting for the answer to: Drain backend app-1 of pool app"),
        "{awaited}"
    );
    let before = state.purpose();
    state.came(Came::Refused("There is no such backend.".to_owned()));
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("Not done: Drain backend app-1 of pool app. There is no such"),
        "{told}"
    );
    // The overview is looked at anew.
    let after = state.purpose();
    assert_ne!(after, before);
    // An answer to nothing is none.
    state.came(Came::Done);
    assert_eq!(state.purpose(), after);
}

#[test]
fn the_menu_has_what_there_is_now_and_stays_where_one_is() {
    let mut state = outage();
    decide(&mut state, "jjaG");
    assert_eq!(state.wanted(), Some(Wanted::Maintenance));
    let chosen = "> Backend app-4";
    let flat = |state: &mut State| text(state, SMALL).replace("   ", " ").replace("  ", " ");
    assert!(flat(&mut state).contains(chosen), "{}", flat(&mut state));
    maintenance(&mut state, vec![in_force("app"), in_force("search")]);
    assert!(flat(&mut state).contains(chosen));
    let labels = |state: &State| -> Vec<String> {
        let entries = state.entries().into_iter();
        entries
            .map(|entry| entry.label)
            .filter(|l| l.contains("maintenance"))
            .collect()
    };
    assert_eq!(labels(&state), ["End maintenance"]);
    maintenance(&mut state, vec![in_force("search")]);
    assert_eq!(labels(&state), ["Begin maintenance"]);
    // Nobody knows: both are offered.
    press(&mut state, "\x1ba");
    assert_eq!(labels(&state), ["Begin maintenance", "End maintenance"]);
}

#[test]
fn hostile_names_do_not_steer_the_terminal() {
    let mut pools = sample::pools().pools;
    pools[0].name = "a\x1b[2J\u{202e}b".to_owned();
    pools[0].backends[0].name = "x\x1b]0;y\x07\nz".to_owned();
    let mut state = seen(&pools, &[], 0);
    decide(&mut state, "jja");
    let menu = text(&mut state, SMALL);
    assert!(menu.contains("Backend x?]0;y??z"), "{menu}");
    decide(&mut state, "/]0\n\n\n");
    let asked = text(&mut state, SMALL);
    let question = "Drain backend x?]0;y??z of pool a?[2J?b?";
    assert!(asked.contains(question), "{asked}");
    let orders = decide(&mut state, "\n");
    // It is done to what is called so, and not to what is shown.
    let act = Act::Backend {
        pool: pools[0].name.clone(),
        backend: pools[0].backends[0].name.clone(),
        action: BackendAction::Drain,
    };
    assert_eq!(orders[0].act, act);
    state.came(Came::Refused("no\x1b[31m\r\nand \u{202e}no".to_owned()));
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("no?[31m") && told.contains("and ?no"),
        "{told}"
    );
}

/// What is wrong with a configuration is told in lines, as many as there is room for.
#[test]
fn a_long_refusal() {
    let mut state = form("app", &["reload"]);
    decide(&mut state, "\n");
    let lines: Vec<String> = (1..=40).map(|n| format!("soe503.toml:{n}: no")).collect();
    state.came(Came::Refused(lines.join("\n")));
    let told = text(&mut state, SMALL);
    assert!(
        told.contains("toml:1: no") && told.contains("more lines)"),
        "{told}"
    );
    assert!(told.contains("Reload the configuration?"), "{told}");
    assert!(text(&mut state, LARGE).contains("toml:40: no"));
}

#[test]
fn without_colours_one_sees_where_one_is() {
    let mut state = form("app", &["app-1", "drain"]);
    decide(&mut state, "why");
    assert_eq!(state.key(Key::Left), Next::Go);
    let drawn = draw(&mut state, SMALL, false);
    let cells = drawn.buffer().content.clone();
    assert!(cells.iter().all(|cell| cell.fg == Color::Reset));
    let reversed = cells
        .iter()
        .filter(|c| c.modifier.contains(Modifier::REVERSED));
    let reversed: Vec<_> = reversed.map(|c| c.symbol().to_owned()).collect();
    assert_eq!(reversed, ["y"]);
}

#[test]
fn no_size_is_too_small_for_an_act() {
    let keys = [
        "",
        "G",
        "g",
        "/x",
        "\n",
        "\x1b",
        "\n",
        "\n",
        "why\t30m\tx",
        "\n",
    ];
    for (width, height) in [
        (1, 1),
        (19, 5),
        (20, 5),
        (21, 6),
        (24, 8),
        (48, 12),
        (300, 100),
    ] {
        for mut state in [outage(), many(), lost(), seen(&[], &[], 0)] {
            let _drawn = draw(&mut state, (width, height), true);
            decide(&mut state, "a");
            for key in keys {
                decide(&mut state, key);
                let _drawn = draw(&mut state, (width, height), true);
                for key in [Key::PageDown, Key::PageUp, Key::Up, Key::Down] {
                    assert_eq!(state.key(key), Next::Go);
                    let _drawn = draw(&mut state, (width, height), true);
                }
            }
            state.came(Came::Refused("why\nnot ".repeat(200)));
            let _drawn = draw(&mut state, (width, height), true);
        }
    }
}
