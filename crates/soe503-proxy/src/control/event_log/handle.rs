//! The log of the process: what is written, how, and where.

use std::io::{self, IsTerminal};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use soe503_core::Tick;
use soe503_core::rate::Quota;
use tracing::Level;

use super::buffer::Buffer;
use super::line::{self, Head, Style, Told, Value};
use super::subscriber::{Listener, place};
use super::thinned::{Kind, Like, Thinned, grouped};
use super::writer::{self, Order, Prepared};
use super::{Levels, Temporary};
use crate::config::{Log, LogFormat, LogPath};
use crate::control::clock::Anchor;
use crate::control::sink::{Open, Sink};

/// Sets the levels in the place of the config's.
const VARIABLE: &str = "SOE503_LOG";
/// How often what was not written is told as a number.
const SUMMARY: Duration = Duration::from_secs(10);
/// So many lines of a kind at once, for each that is let through a second.
const BURST: u32 = 10;
/// How long the end of the process waits for a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The one that `tracing` tells, once there is one.
static OF_PROCESS: OnceLock<EventLog> = OnceLock::new();

/// A cheap-clone handle on the event log. By default nobody tells it anything, and it writes nothing.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    inner: Arc<Inner>,
}

/// Lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Written, by level: error, warn, info, debug, trace.
    pub written: [u64; 5],
    /// Told as a number, because there were too many of their kind.
    pub suppressed: u64,
    /// Lost: not writable, or written too slowly.
    pub dropped: u64,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// The levels that count now.
    pub(super) in_force: ArcSwap<Levels>,
    style: ArcSwap<Style>,
    settings: Mutex<Settings>,
    repeats: Mutex<Thinned>,
    pub(super) buffer: Buffer,
    pub(super) written: [AtomicU64; 5],
    pub(super) dropped: AtomicU64,
    pub(super) suppressed: AtomicU64,
}

#[derive(Debug, Default)]
struct Settings {
    /// Somebody writes what is told.
    attached: bool,
    /// What the process was started with.
    by_environment: Option<Levels>,
    log: Log,
    temporary: Option<Temporary>,
}

// === impl EventLog ===

impl EventLog {
    /// The log that `tracing` tells; another one, of which nobody hears, if there is none.
    pub fn of_process() -> Self {
        OF_PROCESS.get().cloned().unwrap_or_default()
    }

    /// Has `tracing` tell this process's log from now on, which goes to standard error until a config says otherwise.
    /// Levels are those of `SOE503_LOG`, if it is set.
    pub fn install() -> Self {
        let log = Self::default();
        let by_environment = std::env::var(VARIABLE).ok().map(|text| text.parse());
        {
            let mut settings = log.settings();
            settings.by_environment = by_environment.clone().and_then(Result::ok);
        }
        let open = Open::new(Sink::Stderr);
        let started = open.and_then(|open| writer::start(Arc::clone(&log.inner), open));
        log.settings().attached = started.is_ok();
        log.follow(&Log::default(), None);
        // Either fails only if somebody else has set one up, and then theirs is as good.
        let _ = OF_PROCESS.set(log.clone());
        let _ = tracing::subscriber::set_global_default(Listener(log.clone()));
        if let Some(Err(error)) = by_environment {
            let error: super::LevelsError = error;
            tracing::warn!(nearest = error.nearest, "{VARIABLE} is not used: {error}");
        }
        log
    }

    /// Opens what `config` wants opened, if that is something new.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub(crate) fn prepare(&self, config: &Log) -> io::Result<Option<Prepared>> {
        let settings = self.settings();
        if !settings.attached || settings.log.path == config.path {
            return Ok(None);
        }
        drop(settings);
        Prepared::open(sink(&config.path)).map(Some)
    }

    /// Does as `config` says from now on. What an operator has set for a while goes on.
    pub(crate) fn follow(&self, config: &Log, prepared: Option<Prepared>) {
        let mut settings = self.settings();
        settings.log.clone_from(config);
        self.inner.style.store(Arc::new(Style {
            format: config.format,
            colours: colours(&config.path),
        }));
        let quota = NonZeroU32::new(config.lines_per_second).map(|lines| {
            let burst = lines.saturating_mul(NonZeroU32::MIN.saturating_add(BURST - 1));
            Quota::new(lines, Duration::from_secs(1)).with_burst(burst)
        });
        self.inner.repeats().budget.set(quota);
        if let Some(Prepared(open)) = prepared {
            self.inner.buffer.order(Order::Move(open));
        }
        self.enforce(settings);
    }

    /// Sets levels that end by themselves.
    pub fn set(&self, temporary: Temporary) {
        let mut settings = self.settings();
        settings.temporary = Some(temporary);
        self.enforce(settings);
    }

    /// Ends what [`EventLog::set`] has begun. Whether there was something to end.
    pub fn reset(&self) -> bool {
        let mut settings = self.settings();
        let ended = settings.temporary.take().is_some();
        self.enforce(settings);
        ended
    }

    /// Does what is due: ends levels that were set for a while, tells of lines that were not written. The control plane calls it on
    /// each of its ticks.
    pub fn tend(&self, now: Tick) {
        let settings = self.settings();
        let over = settings
            .temporary
            .as_ref()
            .is_some_and(|one| now >= one.until);
        drop(settings);
        if over && self.reset() {
            tracing::info!("the time of the levels that were set is over");
        }
        let mut repeats = self.inner.repeats();
        if now.since(repeats.told) < SUMMARY {
            return;
        }
        repeats.told = now;
        let withheld = repeats.take();
        drop(repeats);
        self.inner.sum_up(&withheld);
    }

    /// The levels of the config, or of the environment, which goes before it.
    pub fn configured(&self) -> Levels {
        self.settings().configured()
    }

    /// The levels in force.
    pub fn in_force(&self) -> Levels {
        Levels::clone(&self.inner.in_force.load())
    }

    /// What an operator has set for a while, if anything.
    pub fn temporary(&self) -> Option<Temporary> {
        self.settings().temporary.clone()
    }

    /// How it is written, and where.
    pub fn config(&self) -> Log {
        self.settings().log.clone()
    }

    /// Lines so far.
    pub fn counts(&self) -> Counts {
        let inner = &self.inner;
        Counts {
            written: std::array::from_fn(|level| {
                inner
                    .written
                    .get(level)
                    .map_or(0, |count| count.load(Relaxed))
            }),
            suppressed: inner.suppressed.load(Relaxed),
            dropped: inner.dropped.load(Relaxed),
        }
    }

    /// Has its file opened again, after a log rotation. What was told before goes to the old one.
    pub fn reopen(&self) {
        if self.settings().attached {
            self.inner.buffer.order(Order::Reopen);
        }
    }

    /// Waits until everything is written, or for two seconds.
    pub fn flush(&self) {
        let withheld = self.inner.repeats().take();
        self.inner.sum_up(&withheld);
        if self.settings().attached {
            let _given_up = self.inner.buffer.written(PATIENCE);
        }
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        let settings = self.inner.settings.lock();
        settings.unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the levels in force that `settings` say.
    fn enforce(&self, settings: MutexGuard<'_, Settings>) {
        let levels = match &settings.temporary {
            Some(temporary) => temporary.levels.clone(),
            None => settings.configured(),
        };
        self.inner.in_force.store(Arc::new(levels));
        drop(settings);
        // Each place in the program remembers whether it is heard.
        tracing::callsite::rebuild_interest_cache();
    }
}

impl Settings {
    fn configured(&self) -> Levels {
        let levels = self.by_environment.as_ref().unwrap_or(&self.log.level);
        levels.clone()
    }
}

// === impl Inner ===

impl Inner {
    /// Has a line written.
    pub(super) fn write(&self, head: Head<'_>, told: &Told, audit: bool) {
        let mut line = Vec::with_capacity(256);
        line::append(&mut line, **self.style.load(), head, told);
        if !self.buffer.push(&line, place(head.level), audit) {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn repeats(&self) -> MutexGuard<'_, Thinned> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line for each kind of which lines were withheld.
    fn sum_up(&self, withheld: &[(Option<Kind>, Option<Like>, u64)]) {
        let at = Anchor::now();
        for (kind, like, count) in withheld {
            let (level, target, message) = match like {
                Some(like) => (
                    *like.metadata.level(),
                    like.metadata.target(),
                    &*like.message,
                ),
                None => (Level::WARN, module_path!(), "lines of many kinds"),
            };
            let mut told = Told {
                message: format!("… {} more like this: {message}", grouped(*count)),
                fields: vec![("suppressed", Value::Count(*count))],
            };
            if let Some(cause) = kind.as_ref().and_then(|kind| kind.cause.clone()) {
                told.fields.push(("cause", Value::Text(cause)));
            }
            let at = at.date(at.tick());
            self.write(Head { at, level, target }, &told, false);
        }
    }
}

impl Default for Inner {
    fn default() -> Self {
        let style = Style {
            format: LogFormat::Text,
            colours: false,
        };
        Self {
            in_force: ArcSwap::default(),
            style: ArcSwap::from_pointee(style),
            settings: Mutex::default(),
            repeats: Mutex::default(),
            buffer: Buffer::default(),
            written: Default::default(),
            dropped: AtomicU64::default(),
            suppressed: AtomicU64::default(),
        }
    }
}

fn sink(path: &LogPath) -> Sink {
    match path {
        LogPath::Stdout => Sink::Stdout,
        LogPath::Stderr => Sink::Stderr,
        LogPath::File(path) => Sink::File(path.clone()),
    }
}

/// Whether somebody looks at it in a terminal that shows colours.
fn colours(path: &LogPath) -> bool {
    let terminal = match path {
        LogPath::Stdout => io::stdout().is_terminal(),
        LogPath::Stderr => io::stderr().is_terminal(),
        LogPath::File(_) => false,
    };
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
