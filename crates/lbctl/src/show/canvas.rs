//! What is written on: how wide it is, and which characters it has.

use std::io::{self, IsTerminal, Write};

use anstyle::Style;

use super::style;
use crate::exit::Failure;

/// Below this a table is no help; a narrower terminal wraps by itself.
const NARROWEST: usize = 40;

/// The surface of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Columns; `None` where lines may be as long as they like (a pipe).
    pub(crate) width: Option<usize>,
    /// Lines; `None` in a pipe.
    pub(crate) height: Option<usize>,
    /// Whether there is more than ASCII.
    pub(crate) unicode: bool,
}

/// What a symbol says. Each has a shape, a letter and a colour of its own, so that any one of the
/// three is enough to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// In order.
    Good,
    /// In between: degraded, half open, warming, starting.
    Partly,
    /// Out of order.
    Bad,
    /// Held by an operator.
    Held,
    /// Not known.
    Unknown,
}

impl Canvas {
    /// Standard output, as it is.
    pub(crate) fn stdout() -> Self {
        let size = io::stdout()
            .is_terminal()
            .then(terminal_size::terminal_size)
            .flatten();
        match size {
            Some((w, h)) => Self {
                width: Some(usize::from(w.0).max(NARROWEST)),
                height: Some(usize::from(h.0)),
                unicode: speaks_utf8(),
            },
            None => Self {
                width: None,
                height: None,
                unicode: false,
            },
        }
    }

    /// The same, for lines that may be as long as they like.
    pub(crate) const fn unbounded(self) -> Self {
        Self {
            width: None,
            ..self
        }
    }

    /// The symbol of `mark`: one column wide.
    pub(crate) const fn symbol(self, mark: Mark) -> &'static str {
        match (mark, self.unicode) {
            (Mark::Good, true) => "●",
            (Mark::Good, false) => "+",
            (Mark::Partly, true) => "◐",
            (Mark::Partly, false) => "~",
            (Mark::Bad, true) => "✖",
            (Mark::Bad, false) => "x",
            (Mark::Held, true) => "■",
            (Mark::Held, false) => "-",
            (Mark::Unknown, _) => "?",
        }
    }

    /// What stands between two facts on a line.
    pub(crate) const fn separator(self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }
}

impl Mark {
    /// The colour that goes with it.
    pub(crate) const fn style(self) -> Style {
        match self {
            Self::Good => style::GOOD,
            Self::Partly => style::WARN,
            Self::Bad => style::BAD,
            Self::Held => style::HELD,
            Self::Unknown => style::QUIET,
        }
    }
}

/// Writes `text` to standard output, without colours if it is not a terminal.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    done(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes `bytes` to standard output as they are, with a newline at the end if there is none.
pub(crate) fn print_exactly(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let newline: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
    done(
        out.write_all(bytes)
            .and_then(|()| out.write_all(newline))
            .and_then(|()| out.flush()),
    )
}

/// A reader that has seen enough (`| head`) is no failure.
fn done(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "cannot write to standard output: {e}"
        ))),
        _ => Ok(()),
    }
}

/// Whether the locale says that characters are UTF-8. The first variable that is set rules (POSIX
/// XBD 8.2).
fn speaks_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"))
        .unwrap_or_default()
        .to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
