//! The handle on traces.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwapOption, Guard};

use super::counts::{Counts, Dropped};
use super::exporter::{self, Exporter};
use super::{Sampler, Trace};
use crate::config::{self, Propagators};

/// A cheap-clone handle: workers put in, and never wait.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    live: ArcSwapOption<Live>,
    counts: Arc<Counts>,
    /// One change at a time.
    changing: Mutex<()>,
}

/// Traces that are on.
#[derive(Debug)]
struct Live {
    settings: config::Traces,
    policy: Policy,
    queue: SyncSender<Box<Trace>>,
    exporter: Mutex<Option<Exporter>>,
}

/// What requests go by.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// Failures are recorded whether or not their trace is.
    pub failures: bool,
    /// Formats in which the caller's context is looked for, in this order.
    pub extract: Propagators,
    /// Formats in which backends are told ours.
    pub inject: Propagators,
}

// === impl Traces ===

impl Traces {
    /// What requests go by; `None`: traces are off.
    pub fn policy(&self) -> Option<Policy> {
        let live: Guard<_> = self.inner.live.load();
        live.as_ref().map(|live| live.policy)
    }

    /// Whether they are on.
    pub fn is_on(&self) -> bool {
        self.inner.live.load().is_some()
    }

    /// Hands a request's spans over, or counts them as dropped. Never blocks.
    pub(crate) fn put(&self, trace: Box<Trace>) {
        let live = self.inner.live.load();
        // Turned off meanwhile: nobody waits for it.
        let Some(live) = &*live else { return };
        let spans = trace.spans();
        if live.queue.try_send(trace).is_err() {
            self.inner.counts.lose(Dropped::QueueFull, spans);
        }
    }

    /// What became of spans.
    pub fn counts(&self) -> &Counts {
        &self.inner.counts
    }

    /// Begins, changes or ends them. What was handed over before is still delivered, as far as that succeeds
    /// within a moment. `instance`: how this process is called among those of its service.
    ///
    /// # Errors
    ///
    /// If no thread can be started: then they are off. A collector that is not there is no error.
    pub fn configure(&self, wanted: Option<&config::Traces>, instance: &str) -> io::Result<()> {
        let _one = self.changing();
        if let (Some(wanted), Some(live)) = (wanted, &*self.inner.live.load())
            && live.settings == *wanted
            && read_the_same_files(&live.settings, wanted)
        {
            return Ok(());
        }
        let next = match wanted {
            Some(wanted) => Some(Arc::new(self.begin(wanted, instance)?)),
            None => None,
        };
        // New requests go to the new one, before the old one is asked to end.
        let old = self.inner.live.swap(next);
        end(old.as_deref(), false);
        Ok(())
    }

    /// Delivers what was handed over, within a bound, and ends them.
    pub fn stop(&self) {
        let _one = self.changing();
        let old = self.inner.live.swap(None);
        end(old.as_deref(), true);
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        let changing = self.inner.changing.lock();
        changing.unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, settings: &config::Traces, instance: &str) -> io::Result<Live> {
        let (queue, waiting) = sync_channel(settings.queue_size.get());
        let counts = Arc::clone(&self.inner.counts);
        let exporter = exporter::start(settings.clone(), instance, waiting, counts)?;
        Ok(Live {
            policy: Policy {
                sampler: Sampler::new(settings.sample_ratio, settings.by_parent),
                failures: settings.failures,
                extract: settings.extract,
                inject: settings.inject,
            },
            settings: settings.clone(),
            queue,
            exporter: Mutex::new(Some(exporter)),
        })
    }
}

/// What is compared as settings are names of files. A reload has read them again.
fn read_the_same_files(old: &config::Traces, new: &config::Traces) -> bool {
    let stamp = |traces: &config::Traces| traces.tls.as_ref().map(|tls| tls.loaded.stamp().clone());
    stamp(old) == stamp(new)
}

/// Asks the exporter of `live` to deliver what it has and to end. A reload does not wait for that.
fn end(live: Option<&Live>, wait: bool) {
    let exporter = live.and_then(|live| {
        let exporter = live.exporter.lock();
        exporter.unwrap_or_else(PoisonError::into_inner).take()
    });
    if let Some(exporter) = exporter {
        exporter.stop(wait);
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
