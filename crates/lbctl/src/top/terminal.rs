//! The terminal: taken, drawn on, and given back whatever happens.

use core::mem::ManuallyDrop;
use std::{
    io::{self, IsTerminal},
    thread,
};

use ratatui::{
    DefaultTerminal,
    crossterm::{
        cursor::Show,
        event::{
            self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEvent,
            KeyEventKind, KeyModifiers,
        },
        execute,
    },
};
use tokio::sync::mpsc;

use super::{
    state::{Key, State},
    view,
};
use crate::exit::Failure;

/// What comes from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key that means something.
    Key(Key),
    /// A text that was pasted, whose letters are no keys.
    Paste(String),
    /// It has another size now.
    Resized,
}

/// Whether there is a terminal to draw on and to read keys from.
pub(super) fn present() -> Result<(), Failure> {
    let missing = match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (true, true) if std::env::var_os("TERM").is_some_and(|term| term == "dumb") => {
            "TERM is \"dumb\": such a terminal cannot be drawn on"
        }
        (true, true) => return Ok(()),
        (_, false) => "standard output is none",
        (false, _) => "standard input is none",
    };
    let failure = Failure::usage(format!("lbctl top needs a terminal, and {missing}"));
    Err(failure.hint("without one: lbctl pool status --watch"))
}

/// The terminal while it is ours. Dropping it gives it back, and so does a panic.
pub(super) struct Screen {
    /// Never dropped: it would complain to the terminal that it cannot show the cursor on the terminal, which
    /// is a panic where that is gone.
    terminal: ManuallyDrop<DefaultTerminal>,
    colour: bool,
}

impl Screen {
    /// Takes it.
    pub(super) fn take() -> Result<Self, Failure> {
        let terminal = ratatui::try_init().map_err(|error| {
            // As far as it was taken.
            let _ = ratatui::try_restore();
            Failure::usage(format!("cannot use this terminal: {error}"))
        })?;
        // A terminal that does not know it sends what is pasted as if it were typed.
        let _ = execute!(io::stdout(), EnableBracketedPaste);
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            colour: !no_colour,
        })
    }

    /// Draws what has changed.
    pub(super) fn draw(&mut self, state: &mut State) -> Result<(), Failure> {
        let colour = self.colour;
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            state.resize(area.width, area.height);
            view::draw(state, colour, frame.buffer_mut());
        });
        match drawn {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::usage(format!(
                "cannot draw on the terminal: {error}"
            ))),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // If that fails, the terminal is gone, and so is whoever would read that it failed. A panic has given it
        // back before its message, which is not to be written over.
        if !thread::panicking() {
            let _ = ratatui::try_restore();
        }
        let _ = execute!(io::stdout(), DisableBracketedPaste);
        let _ = execute!(io::stdout(), Show);
    }
}

/// Keys and sizes, as they come. The channel ends with the terminal.
pub(super) fn input() -> mpsc::Receiver<Input> {
    let (tell, input) = mpsc::channel(64);
    // Reading blocks: it has a thread of its own, which ends with the program.
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let input = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    meaning(key).map(Input::Key)
                }
                Event::Paste(text) => Some(Input::Paste(text)),
                Event::Resize(..) => Some(Input::Resized),
                _ => None,
            };
            if input.is_some_and(|input| tell.blocking_send(input).is_err()) {
                return;
            }
        }
    });
    input
}

/// What a key means, if anything.
const fn meaning(key: KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if control => Key::Interrupt,
        KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Tab | KeyCode::BackTab => Key::Tab,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    })
}

/// What tells a program to end.
#[cfg(unix)]
pub(super) struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    /// From now on they no longer end it by force.
    pub(super) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let all = || -> io::Result<Self> {
            Ok(Self([
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
                signal(SignalKind::hangup())?,
            ]))
        };
        all().map_err(|error| Failure::usage(format!("cannot listen to signals: {error}")))
    }

    /// Waits for one.
    pub(super) async fn stop(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What tells a program to end.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// From now on it no longer ends it by force.
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self)
    }

    /// Waits for one.
    pub(super) async fn stop(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_they_say() {
        let key = |code, modifiers| meaning(KeyEvent::new(code, modifiers));
        let none = KeyModifiers::NONE;
        assert_eq!(key(KeyCode::Char('j'), none), Some(Key::Letter('j')));
        let shifted = key(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(shifted, Some(Key::Letter('G')));
        let interrupt = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(interrupt, Some(Key::Interrupt));
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::CONTROL), None);
        assert_eq!(key(KeyCode::Char('q'), KeyModifiers::ALT), None);
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Key::Tab));
        assert_eq!(key(KeyCode::F(1), none), None);
    }
}
