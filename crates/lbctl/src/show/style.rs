//! Colours by meaning. They are always written; what is not a terminal never sees them
//! (`anstream` takes them out, and honours `NO_COLOR`).

use anstyle::{AnsiColor, Style};

/// As it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Look at it when there is time.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Look at it now.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// An operator's will: neither good nor bad.
pub(crate) const HELD: Style = AnsiColor::Cyan.on_default();
/// Names and headings.
pub(crate) const STRONG: Style = Style::new().bold();
/// What the eye may skip.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Everything else.
pub(crate) const PLAIN: Style = Style::new();
