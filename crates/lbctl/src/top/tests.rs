//! Screens, from answers and keys.

mod acts;
mod asked;

use core::time::Duration;

use insta::assert_snapshot;
use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};
use soe503_api::{BackendState, Circuit, IncidentSummary, Pool, PoolState};

use super::{
    feed::{Look, Lost},
    page::Wanted,
    state::{Key, Next, State},
    view,
};
use crate::show::sample::{self, NOW};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);

fn look(pools: Vec<Pool>, incidents: Vec<IncidentSummary>) -> Look {
    Look {
        at: NOW,
        since_start: Duration::from_secs(60),
        server: Some("edge-eu1".to_owned()),
        pools,
        incidents,
        asked: None,
    }
}

/// Two looks, two seconds apart: `failing` requests of each pool have failed meanwhile.
fn seen(pools: &[Pool], incidents: &[IncidentSummary], failing: u64) -> State {
    let mut state = State::new("http://127.0.0.1:9503".to_owned(), true, NOW);
    state.news(Ok(look(pools.to_vec(), incidents.to_vec())));
    let mut pools = pools.to_vec();
    for pool in &mut pools {
        pool.requests += 251;
        pool.failed += failing;
    }
    let mut second = look(pools, incidents.to_vec());
    second.since_start += Duration::from_secs(2);
    state.news(Ok(second));
    state
}

fn well() -> Vec<Pool> {
    let mut pools = sample::pools().pools;
    for pool in &mut pools {
        pool.state = PoolState::Ok;
        pool.circuit = Circuit::CLOSED;
        pool.findings.clear();
        for backend in &mut pool.backends {
            backend.state = BackendState::Up;
        }
    }
    pools
}

fn open() -> Vec<IncidentSummary> {
    sample::incidents().incidents[..1].to_vec()
}

fn outage() -> State {
    seen(&sample::pools().pools, &open(), 41)
}

/// A thousand pools, each hundredth of them down.
fn many() -> State {
    let one = well().remove(0);
    let pool = |i: usize| {
        let mut pool = one.clone();
        pool.name = format!("pool-{i:04}");
        if i.is_multiple_of(100) {
            pool.state = PoolState::Down;
        }
        pool
    };
    seen(&(0..1000).map(pool).collect::<Vec<_>>(), &[], 0)
}

fn incident(id: &str) -> Wanted {
    Wanted::Incident(id.to_owned())
}

fn lost() -> State {
    let mut state = outage();
    for after in [2, 3, 5] {
        state.tick(NOW.after(Duration::from_secs(after)));
        state.news(Err(Lost {
            message: "no admin API at 127.0.0.1:9503: connecting failed: Connection refused"
                .to_owned(),
            pause: Duration::from_secs(4),
        }));
    }
    state.tick(NOW.after(Duration::from_secs(7)));
    state
}

fn draw(state: &mut State, (width, height): (u16, u16), colour: bool) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    state.resize(width, height);
    terminal
        .draw(|frame| view::draw(state, colour, frame.buffer_mut()))
        .unwrap();
    terminal.backend().clone()
}

fn text(state: &mut State, size: (u16, u16)) -> String {
    draw(state, size, true).to_string()
}

fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        let key = match key {
            '\n' => Key::Enter,
            '\t' => Key::Tab,
            '\x1b' => Key::Escape,
            letter => Key::Letter(letter),
        };
        assert_eq!(state.key(key), Next::Go);
    }
}

#[test]
fn all_is_well() {
    let mut state = seen(&well(), &[], 0);
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn an_outage() {
    let mut state = outage();
    // Something is found about the third.
    press(&mut state, "jj");
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn a_thousand_pools() {
    let mut state = many();
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn no_pools() {
    let mut state = seen(&[], &[], 0);
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn the_connection_is_lost() {
    let mut state = lost();
    assert_snapshot!(text(&mut state, SMALL));
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn narrow_terminals_lose_columns_and_not_the_names() {
    let mut state = outage();
    assert_snapshot!(text(&mut state, (48, 16)));
    assert_snapshot!(text(&mut lost(), (48, 16)));
}

#[test]
fn the_page_of_a_pool() {
    let mut state = outage();
    // The one that is down comes first.
    press(&mut state, "\n");
    assert_snapshot!(text(&mut state, SMALL));
    press(&mut state, "\x1bj\n");
    assert_snapshot!(text(&mut state, LARGE));
}

#[test]
fn a_pool_that_is_removed_while_one_looks() {
    let mut state = outage();
    press(&mut state, "\n");
    state.news(Ok(look(Vec::new(), Vec::new())));
    assert!(text(&mut state, SMALL).contains("there is no pool held any more"));
}

#[test]
fn only_what_is_seen_is_drawn() {
    let mut state = many();
    for (keys, first, last) in [
        ("", "pool-0000", "pool-0006"),
        ("G", "pool-0984", "pool-0999"),
    ] {
        press(&mut state, keys);
        let screen = text(&mut state, SMALL);
        assert_eq!(screen.matches("pool-").count(), 16, "{screen}");
        assert!(screen.contains(first) && screen.contains(last), "{screen}");
    }
    assert_eq!(state.key(Key::PageUp), Next::Go);
    assert_eq!(state.selected().unwrap().name, "pool-0984");
    press(&mut state, "g");
    assert_eq!(state.selected().unwrap().name, "pool-0000");
}

#[test]
fn what_is_not_seen_takes_no_room() {
    let mut pools = many().pools;
    pools.last_mut().unwrap().name = "pool-0999-whose-name-is-long".to_owned();
    let mut state = seen(&pools, &[], 0);
    assert!(text(&mut state, SMALL).contains("POOL       STATE"));
    press(&mut state, "G");
    let end = text(&mut state, SMALL);
    assert!(end.contains("pool-0999-whose-name"), "{end}");
}

#[test]
fn a_filter_lets_through_what_contains_it() {
    let mut state = many();
    press(&mut state, "/042");
    let typing = text(&mut state, SMALL);
    assert!(
        typing.contains("/042_") && typing.contains("pool-0429"),
        "{typing}"
    );
    assert_eq!(state.shown_pools().len(), 11);
    // A letter is text while one types, and a key afterwards.
    press(&mut state, "q");
    assert!(text(&mut state, SMALL).contains("no pool is like that"));
    assert_eq!(state.key(Key::Backspace), Next::Go);
    press(&mut state, "\n");
    assert!(text(&mut state, SMALL).contains("only \"042\""));
    press(&mut state, "j\n");
    assert!(text(&mut state, SMALL).contains("pool-0420"));
    press(&mut state, "\x1b\x1b");
    assert_eq!(state.shown_pools().len(), 1000);
    // What is down.
    press(&mut state, "/DOWN\n");
    assert_eq!(state.shown_pools().len(), 10);
    assert_eq!(state.key(Key::Letter('q')), Next::Quit);
}

#[test]
fn a_pool_has_a_filter_of_its_own() {
    let mut state = outage();
    press(&mut state, "jj\n/app-2");
    let typing = text(&mut state, SMALL);
    assert!(typing.contains("(1 of 4 backends)"), "{typing}");
    assert!(
        typing.contains("ejected") && !typing.contains("app-3"),
        "{typing}"
    );
    press(&mut state, "\n\x1b");
    assert_eq!(state.shown_pools().len(), 5);
}

#[test]
fn more_incidents_than_there_is_room_for() {
    let one = |i: usize| {
        let mut one = open().remove(0);
        one.id = format!("inc-{i:02}");
        one.place = format!("pool p{i:02}");
        one
    };
    let open: Vec<_> = (0..40).map(one).collect();
    let mut state = seen(&sample::pools().pools, &open, 1);
    press(&mut state, "\tG");
    let screen = text(&mut state, SMALL);
    assert!(
        screen.contains("pool p39") && screen.contains(" of 40"),
        "{screen}"
    );
    assert!(
        screen.contains("static"),
        "the pools have their lines: {screen}"
    );
    press(&mut state, "\n");
    assert_eq!(state.wanted(), Some(incident("inc-39")));
}

#[test]
fn the_selection_stays_with_the_pool() {
    let mut state = seen(&well(), &[], 0);
    press(&mut state, "j");
    let chosen = state.selected().unwrap().name.clone();
    let mut pools = well();
    pools.last_mut().unwrap().state = PoolState::Down;
    state.news(Ok(look(pools, Vec::new())));
    assert_eq!(state.selected().unwrap().name, chosen);
}

#[test]
fn without_colours_there_are_none_and_with_them_there_are() {
    let colours = |colour| {
        let drawn = draw(&mut outage(), SMALL, colour);
        let cells = drawn.buffer().content.clone();
        let coloured = cells.iter().filter(|c| c.fg != Color::Reset).count();
        let reversed = cells
            .iter()
            .filter(|c| c.modifier.contains(Modifier::REVERSED));
        (coloured, reversed.count())
    };
    let (coloured, reversed) = colours(true);
    assert!(coloured > 20);
    // What is selected shows either way.
    assert_eq!(colours(false), (0, reversed));
    assert!(reversed > 20);
}

#[test]
fn no_size_and_no_key_is_too_much() {
    let keys = [
        Key::End,
        Key::PageDown,
        Key::Up,
        Key::Tab,
        Key::Enter,
        Key::Home,
    ];
    for (width, height) in [
        (1, 1),
        (10, 3),
        (20, 5),
        (21, 6),
        (30, 8),
        (59, 12),
        (300, 100),
    ] {
        for mut state in [outage(), many(), lost(), seen(&[], &[], 0)] {
            for key in keys {
                let _drawn = draw(&mut state, (width, height), true);
                assert_eq!(state.key(key), Next::Go);
            }
            let _drawn = draw(&mut state, (width, height), true);
        }
    }
}

#[test]
fn an_interrupt_ends_it_wherever_one_is() {
    let mut state = outage();
    press(&mut state, "/x");
    assert_eq!(state.key(Key::Interrupt), Next::Quit);
}

#[test]
fn names_do_not_steer_the_terminal() {
    let mut pools = sample::pools().pools;
    pools[0].name = "a\x1b[2Jb\u{202e}".to_owned();
    let mut state = seen(&pools, &[], 0);
    assert!(text(&mut state, SMALL).contains("a?[2Jb?"));
}
