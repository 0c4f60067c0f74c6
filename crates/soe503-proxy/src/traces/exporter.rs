//! The thread that sends spans.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::answer::Verdict;
use super::counts::{Counts, Dropped};
use super::encode::{self, Resource};
use super::retry::Tries;
use super::send::Collector;
use super::span::Trace;
use crate::config;
use crate::control::clock::Anchor;

/// How long it rests after a look that found spans.
const BUSY: Duration = Duration::from_millis(25);
/// How long it rests after a look that found none.
const IDLE: Duration = Duration::from_millis(200);
/// What a shutdown waits for at most: longer than `timeout` may be, nobody wants to wait for telemetry.
const LAST: Duration = Duration::from_secs(3);

/// The thread, for whoever ends it.
#[derive(Debug)]
pub(super) struct Exporter {
    stop: watch::Sender<bool>,
    /// Nothing is ever sent: the other end is dropped when the thread has ended.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

struct Task {
    settings: config::Traces,
    resource: Resource,
    waiting: Receiver<Box<Trace>>,
    counts: Arc<Counts>,
    collector: Collector,
    stopped: watch::Receiver<bool>,
    /// The last batch was not delivered, and that was logged.
    failing: bool,
}

/// How a batch ended.
enum Delivered {
    Yes,
    No(Dropped, String),
}

/// Starts the thread.
///
/// # Errors
///
/// If there can be none.
pub(super) fn start(
    settings: config::Traces,
    instance: &str,
    waiting: Receiver<Box<Trace>>,
    counts: Arc<Counts>,
) -> io::Result<Exporter> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // For looking up the collector's name.
        .max_blocking_threads(1)
        .build()?;
    let (stop, stopped) = watch::channel(false);
    let (until, ended) = sync_channel(0);
    let task = Task {
        resource: Resource::new(&settings, instance),
        collector: Collector::new(&settings),
        settings,
        waiting,
        counts,
        stopped,
        failing: false,
    };
    let thread = std::thread::Builder::new()
        .name("soe503-traces".into())
        .spawn(move || {
            runtime.block_on(task.run());
            // A lookup that hangs is not waited for.
            runtime.shutdown_background();
            drop(until);
        })?;
    Ok(Exporter {
        stop,
        ended,
        thread,
    })
}

// === impl Exporter ===

impl Exporter {
    /// Has it deliver what it has, and end; with `wait` that is waited for, within a bound.
    pub(super) fn stop(self, wait: bool) {
        // An error means that the thread is gone, which is what is asked for.
        let _ = self.stop.send(true);
        if !wait {
            return;
        }
        // Its own bound, and a little for the way.
        let patience = LAST + Duration::from_millis(500);
        if self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("traces: the exporter does not end, and is left behind");
        } else if self.thread.join().is_err() {
            tracing::error!("traces: the exporter panicked");
        }
    }
}

// === impl Task ===

impl Task {
    async fn run(mut self) {
        let mut batch = Vec::new();
        while !self.is_stopped() {
            self.gather(&mut batch).await;
            if !batch.is_empty() && !self.is_stopped() {
                self.export(&mut batch).await;
            }
        }
        self.last(batch).await;
    }

    /// The end was ordered, or nobody is left who could.
    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }

    /// Waits until `batch` is full, or until there is something and the time is over, or until the end.
    async fn gather(&mut self, batch: &mut Vec<Trace>) {
        let due = Instant::now() + self.settings.export_interval;
        let mut rest = IDLE;
        loop {
            match self.take(batch) {
                (_, true) => return,
                (0, false) => rest = IDLE.min(rest * 2),
                _ => rest = BUSY,
            }
            if Instant::now() >= due && !batch.is_empty() {
                return;
            }
            tokio::select! {
                () = sleep(rest) => {}
                () = stopped(&mut self.stopped) => return,
            }
        }
    }

    /// Takes what waits; how many that were, and whether `batch` is full.
    fn take(&mut self, batch: &mut Vec<Trace>) -> (usize, bool) {
        let mut spans: usize = batch.iter().map(Trace::spans).sum();
        let (most, before) = (self.settings.batch_size.get(), batch.len());
        while spans < most {
            let Ok(trace) = self.waiting.try_recv() else {
                return (batch.len() - before, false);
            };
            spans += trace.spans();
            batch.push(*trace);
        }
        (batch.len() - before, true)
    }

    /// Delivers `batch`, or gives it up, and empties it. When the end comes meanwhile, what is left of it stays.
    async fn export(&mut self, batch: &mut Vec<Trace>) {
        let (body, spans) = self.encoded(batch);
        let (mut tries, began) = (Tries::default(), Instant::now());
        let delivered = loop {
            let verdict = tokio::select! {
                verdict = self.collector.send(&body) => verdict,
                // The last attempt begins again, with a bound of its own.
                () = stopped(&mut self.stopped) => return,
            };
            let (after, why) = match self.judge(verdict, spans) {
                Ok(delivered) => break delivered,
                Err(again) => again,
            };
            match tries.next(after, began.elapsed(), fastrand::f64()) {
                None => break Delivered::No(Dropped::Unanswered, why),
                Some(pause) => {
                    self.complain(&why);
                    tokio::select! {
                        () = sleep_until(Instant::now() + pause) => {}
                        () = stopped(&mut self.stopped) => return,
                    }
                }
            }
        };
        batch.clear();
        self.note(delivered, spans);
    }

    /// The end: one attempt for what is left, all of them together within a bound.
    async fn last(&mut self, mut batch: Vec<Trace>) {
        let until = Instant::now() + self.settings.timeout.min(LAST);
        loop {
            self.take(&mut batch);
            if batch.is_empty() {
                return;
            }
            let (body, spans) = self.encoded(&batch);
            batch.clear();
            let sent = tokio::time::timeout_at(until, self.collector.send(&body)).await;
            let judged = sent.map(|verdict| self.judge(verdict, spans));
            match judged {
                Ok(Ok(delivered)) => self.note(delivered, spans),
                Ok(Err((_, why))) => self.note(Delivered::No(Dropped::Shutdown, why), spans),
                Err(_) => {
                    let why = "it did not answer in time".to_owned();
                    self.note(Delivered::No(Dropped::Shutdown, why), spans);
                }
            }
            if Instant::now() >= until {
                let left: usize = self.waiting.try_iter().map(|trace| trace.spans()).sum();
                self.counts.lose(Dropped::Shutdown, left);
                return;
            }
        }
    }

    fn encoded(&self, batch: &[Trace]) -> (bytes::Bytes, usize) {
        let agent = self.settings.user_agent;
        let body = encode::request(&self.resource, batch, agent, Anchor::now());
        let spans = batch.iter().map(Trace::spans).sum();
        (body.into(), spans)
    }

    /// How it ended; or that it may go again, after a while, and why.
    fn judge(
        &self,
        verdict: Verdict,
        spans: usize,
    ) -> Result<Delivered, (Option<Duration>, String)> {
        match verdict {
            Verdict::Taken { rejected, why } => {
                let rejected = usize::try_from(rejected).unwrap_or(usize::MAX).min(spans);
                self.counts.export(spans - rejected);
                self.counts.lose(Dropped::Partial, rejected);
                if rejected > 0 {
                    tracing::debug!(rejected, "traces: the collector rejects spans: {why}");
                }
                Ok(Delivered::Yes)
            }
            Verdict::Refused { why } => Ok(Delivered::No(Dropped::Refused, why)),
            Verdict::Again { after, why } => Err((after, why)),
        }
    }

    fn note(&mut self, delivered: Delivered, spans: usize) {
        match delivered {
            Delivered::Yes if self.failing => {
                self.failing = false;
                tracing::info!(endpoint = %self.settings.endpoint, "traces: the collector takes spans again");
            }
            Delivered::Yes => {}
            Delivered::No(reason, why) => {
                self.counts.lose(reason, spans);
                self.complain(&why);
            }
        }
    }

    /// Once, until it is better.
    fn complain(&mut self, why: &str) {
        if !self.failing {
            self.failing = true;
            tracing::warn!(endpoint = %self.settings.endpoint, "traces: the collector does not take spans: {why}; requests are served all the same, see soe503_traces_dropped_total");
        }
    }
}

/// Waits for the end, or for whoever would order it to be gone.
async fn stopped(stopped: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
