//! What is wrong with a stack, in words for whoever builds it.

use core::fmt;
use std::borrow::Cow;

/// Everything that is wrong with a stack: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackError {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The setting to change, such as `retry.attempt_timeout`; the layer's name if it is about its place.
    pub setting: &'static str,
    /// How it is set, or where the layer stands: "is 5s", "stands inside of circuit_breaker".
    pub found: Cow<'static, str>,
    /// What would be right: "less than 2s, the timeout.total".
    pub expected: Cow<'static, str>,
    /// Why that matters.
    pub why: Cow<'static, str>,
    /// The nearest choice that is right.
    pub nearest: Cow<'static, str>,
}

// === impl StackError ===

impl StackError {
    pub(super) fn of(problems: Vec<Problem>) -> Result<(), Self> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Self { problems }),
        }
    }

    /// All of them: those of the order first.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// A line for each problem.
impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl core::error::Error for StackError {}

// === impl Problem ===

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            found,
            expected,
            why,
            nearest,
        } = self;
        write!(
            f,
            "{setting} {found}, expected {expected}: {why}; use {nearest}"
        )
    }
}
