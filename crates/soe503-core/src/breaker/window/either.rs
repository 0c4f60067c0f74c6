//! Either shape of window.

use super::count::CountWindow;
use super::time::TimeWindow;
use super::{Sample, Tally, WindowTotals};
use crate::Tick;
use crate::breaker::Window;

/// Either shape.
#[derive(Debug)]
pub(crate) enum ResultWindow {
    /// The last *n* results.
    Count(CountWindow),
    /// The results of the last ten slices.
    Time(TimeWindow),
}

impl ResultWindow {
    /// An empty window.
    pub(crate) fn new(window: Window) -> Self {
        match window {
            Window::Count(size) => Self::Count(CountWindow::new(size)),
            Window::Time(span) => Self::Time(TimeWindow::new(span)),
        }
    }

    /// Adds one result and says what the window holds then.
    pub(crate) fn record(&mut self, now: Tick, sample: Sample) -> WindowTotals {
        match self {
            Self::Count(window) => window.record(sample),
            Self::Time(window) => window.record(now, sample),
        }
    }

    /// What the window holds at `now`.
    pub(crate) fn totals(&mut self, now: Tick) -> WindowTotals {
        match self {
            Self::Count(window) => window.totals(),
            Self::Time(window) => window.totals(now),
        }
    }

    /// The causes behind the failures it holds. Not for the request path.
    pub(crate) fn causes(&self) -> Tally {
        match self {
            Self::Count(window) => window.causes(),
            Self::Time(window) => window.causes(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Count(window) => window.clear(),
            Self::Time(window) => window.clear(),
        }
    }
}
