//! What `tracing` tells.

use std::sync::atomic::Ordering::Relaxed;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use super::handle::EventLog;
use super::line::{self, Head, Told};
use super::modules::AUDIT;
use super::thinned::Kind;
use crate::control::clock::Anchor;

/// Events become lines; spans are nobody's here (traces have their own way, see [`crate::traces`]).
#[derive(Debug)]
pub(super) struct Listener(pub(super) EventLog);

impl Listener {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let levels = self.0.inner().in_force.load();
        metadata.is_event() && levels.enables(metadata.target(), *metadata.level())
    }
}

impl Subscriber for Listener {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Asked again when levels change.
        match self.wants(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.inner().in_force.load().max())
    }

    fn event(&self, event: &Event<'_>) {
        let (inner, metadata) = (self.0.inner(), event.metadata());
        let anchor = Anchor::now();
        let audit = metadata.target() == AUDIT;
        if !audit {
            let kind = Kind {
                site: metadata.callsite(),
                cause: line::cause(event, metadata),
            };
            let mut repeats = inner.repeats();
            if !repeats.budget.admit(&kind, anchor.tick()) {
                inner.suppressed.fetch_add(1, Relaxed);
                let new = repeats.is_new(&kind);
                // Nothing of an event is formatted under a lock.
                drop(repeats);
                if new {
                    let message = Told::by(event).message;
                    inner.repeats().keep(kind, metadata, message);
                }
                return;
            }
        }
        let head = Head {
            at: anchor.date(anchor.tick()),
            level: *metadata.level(),
            target: metadata.target(),
        };
        inner.write(head, &Told::by(event), audit);
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// The place of a level among counts: error first.
pub(super) fn place(level: Level) -> usize {
    match level {
        Level::ERROR => 0,
        Level::WARN => 1,
        Level::INFO => 2,
        Level::DEBUG => 3,
        Level::TRACE => 4,
    }
}
