//! How the program ends.

use std::{io::Write, process::ExitCode};

use crate::show::{clean, style};

/// The exit codes, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Fine,
    /// 1: the question was answered, and the answer is bad news.
    Unhealthy,
    /// 2: the question was wrong.
    Usage,
    /// 3: there was nobody to ask.
    Unreachable,
}

/// A command that could not do what it was asked: what is wrong, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hints: Vec<String>,
}

impl Exit {
    /// [`Exit::Fine`] or [`Exit::Unhealthy`].
    pub(crate) const fn healthy(healthy: bool) -> Self {
        if healthy { Self::Fine } else { Self::Unhealthy }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Failure {
    /// The person asking should ask differently.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// The admin API cannot be asked.
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unreachable,
            ..Self::usage(message)
        }
    }

    /// Adds a line on what to try.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What is wrong, in one line.
    pub(crate) fn message(&self) -> String {
        clean(&self.message)
    }

    /// Tells the person, on stderr.
    pub(crate) fn report(self) -> ExitCode {
        let (bad, off) = (style::BAD, style::BAD.render_reset());
        // Where nobody can be told, the exit code still says it.
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "{bad}error:{off} {}", self.message());
        for hint in &self.hints {
            let _ = writeln!(err, "  {}", clean(hint));
        }
        self.exit.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_a_contract() {
        let codes = [Exit::Fine, Exit::Unhealthy, Exit::Usage, Exit::Unreachable];
        assert_eq!(codes.map(|c| c as u8), [0, 1, 2, 3]);
        assert_eq!(Exit::healthy(true), Exit::Fine);
        assert_eq!(Exit::healthy(false), Exit::Unhealthy);
    }
}
