//! `lbctl top`: what goes on, live, in a terminal.
//!
//! | module | what |
//! | --- | --- |
//! | [`act`] | what can be done from here: menus, a form that asks, and what came of it |
//! | [`feed`] | asks the admin API every second, and after pauses while it cannot be reached |
//! | [`terminal`] | takes the terminal, gives it back whatever happens; keys and signals |
//! | [`page`] | the pages beside the overview, and what is asked for them |
//! | [`state`] | what is known and where one looks: made from answers and keys, without input or output |
//! | [`rates`] | requests and failures per second, from two looks at counters |
//! | [`cursor`] | where one stands in a list that changes |
//! | [`view`] | the state as a screen |
//! | [`paint`] | this program's colours as those of the screen |

mod act;
mod cursor;
mod feed;
mod page;
mod paint;
mod rates;
mod state;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

use core::time::Duration;

use clap::Args;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

use crate::{
    admin::AdminArgs,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, clean, print},
};
use act::perform::Performer;
use feed::Purpose;
use state::{Next, State};
use terminal::{Input, Screen, Signals};

/// The header has a clock.
const TICK: Duration = Duration::from_secs(1);

/// What is there to choose: nothing yet.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys: up, down, j, k, PageUp, PageDown, Home, End  move          Tab  from pools to incidents and back
      Enter  open what is selected                               Esc  back
      a  act: backends in and out, the circuit, maintenance, the configuration; a form asks first
      c  failures by cause, of the last minutes                  n    changes, and what came of them
      /  only what contains this text                            q    quit
P50 and P99 of a pool are those of its slowest backend in rotation. Without a terminal there is
`lbctl pool status --watch`.")]
pub(crate) struct TopArgs {}

/// Looks until told to stop.
pub(crate) async fn run(admin: &AdminArgs) -> Result<Exit, Failure> {
    terminal::present()?;
    let client = admin.client()?;
    let name = client.address().to_string();
    // A wrong address or token is told before the terminal is taken.
    let mut asking = feed::Asking::new(client.clone());
    let first = asking.look(None).await?;
    let (purpose, purposes) = watch::channel(Purpose::default());
    let (tell, mut news) = mpsc::channel(1);
    let feed = tokio::spawn(feed::run(asking, purposes, tell));
    // As `lbctl maintenance` has it.
    let by = std::env::var("USER").ok();
    let (performer, mut answers) = Performer::new(client, by.filter(|by| !by.is_empty()));

    let mut state = State::new(name, Canvas::stdout().unicode, clock::wall());
    state.news(Ok(first));
    let mut signals = Signals::new()?;
    let mut screen = Screen::take()?;
    let mut input = terminal::input();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let by_key = loop {
        state.tick(clock::wall());
        screen.draw(&mut state)?;
        tokio::select! {
            () = signals.stop() => break false,
            _ = ticks.tick() => {}
            told = news.recv() => match told {
                Some(told) => state.news(told),
                None => break false,
            },
            Some(came) = answers.recv() => {
                state.tick(clock::wall());
                state.came(came);
            }
            typed = input.recv() => {
                // When a key comes says whether it is meant.
                state.tick(clock::wall());
                match typed {
                    Some(Input::Key(key)) => match state.key(key) {
                        Next::Go => {}
                        Next::Quit => break true,
                        Next::Do(order) => performer.begin(order),
                    },
                    Some(Input::Paste(text)) => state.paste(&text),
                    Some(Input::Resized) => {}
                    // The terminal is gone.
                    None => break false,
                }
            }
        }
        // Whether that is something new is for the feed to see.
        purpose.send_if_modified(|purpose| {
            let now = state.purpose();
            let new = *purpose != now;
            *purpose = now;
            new
        });
    };
    feed.abort();
    drop(screen);
    if by_key && let Some(waiting) = state.acting.awaited() {
        // What was begun is not left without its answer.
        print(&format!(
            "Waiting for the answer to: {}\n",
            waiting.words().title
        ))?;
        tokio::select! {
            () = signals.stop() => {}
            Some(came) = answers.recv() => {
                state.came(came);
                for line in state.acting.notice(state.now).iter().flat_map(|told| told.text.lines()) {
                    print(&format!("{}\n", clean(line)))?;
                }
            }
        }
    }
    Ok(Exit::Fine)
}
