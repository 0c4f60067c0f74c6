use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, Once};

use serde_json::Value;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::super::thinned::grouped;
use super::*;

/// A file in memory, which nobody can write to while it is shut.
#[derive(Clone, Default)]
struct Memory(Arc<Shelf>);

#[derive(Default)]
struct Shelf {
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    shut: bool,
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Shelf { held, changed } = &*self.0;
        let held = held.lock().unwrap();
        let mut held = changed.wait_while(held, |held| held.shut).unwrap();
        held.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn shut(&self, shut: bool) {
        self.0.held.lock().unwrap().shut = shut;
        self.0.changed.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.held.lock().unwrap().bytes.clone()).unwrap()
    }
}

thread_local! {
    static TOLD: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Tells the log of the thread. `tracing` asks only one of several subscribers of a process whether it wants to hear
/// something, so there has to be one for all threads.
struct OfThread;

impl OfThread {
    fn with<T>(ask: impl FnOnce(&Listener) -> T) -> Option<T> {
        TOLD.with_borrow(|told| told.as_ref().map(ask))
    }
}

impl Subscriber for OfThread {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::with(|told| told.enabled(metadata)).unwrap_or(false)
    }

    fn event(&self, event: &Event<'_>) {
        Self::with(|told| told.event(event));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Has `log` told of what happens in `tell`.
fn hear(log: &EventLog, tell: impl FnOnce()) {
    static HEARD: Once = Once::new();
    HEARD.call_once(|| tracing::subscriber::set_global_default(OfThread).unwrap());
    TOLD.set(Some(Listener(log.clone())));
    tell();
    TOLD.set(None);
}

fn log(config: &Log) -> (EventLog, Memory) {
    let memory = Memory::default();
    let log = EventLog::default();
    let open = Open::new(Sink::Writer(Box::new(memory.clone()))).unwrap();
    writer::start(Arc::clone(&log.inner), open).unwrap();
    log.settings().attached = true;
    log.follow(config, None);
    (log, memory)
}

/// What `tell` makes the log write, waiting for it.
fn told(log: &EventLog, memory: &Memory, tell: impl FnOnce()) -> String {
    let before = memory.text().len();
    hear(log, tell);
    log.flush();
    memory.text()[before..].to_owned()
}

fn both() {
    tracing::debug!("quiet");
    tracing::warn!("loud");
}

#[test]
fn levels_that_are_set_end_by_themselves() {
    let (log, memory) = log(&Log::default());
    let now = Tick::from_secs(100);
    let of = |log: &EventLog| {
        let text = told(log, &memory, both);
        (text.contains("quiet"), text.contains("loud"))
    };
    assert_eq!(of(&log), (false, true));
    log.set(Temporary {
        levels: "off,soe503_proxy=debug".parse().unwrap(),
        until: now.after(Duration::from_secs(600)),
        reason: None,
        by: None,
    });
    // The crate's own modules are those of the library here.
    assert_eq!(of(&log), (true, true));
    log.tend(now.after(Duration::from_secs(599)));
    assert_eq!(of(&log), (true, true), "it is not over yet");
    // A reload changes what it returns to, and not what is in force.
    let config = Log {
        level: "error".parse().unwrap(),
        ..Log::default()
    };
    log.follow(&config, None);
    assert_eq!(of(&log), (true, true), "a reload ends nothing");
    log.tend(now.after(Duration::from_secs(600)));
    assert_eq!(log.temporary(), None);
    assert_eq!(of(&log), (false, false), "only errors");
    assert!(!log.reset(), "there is nothing to end");
}

#[test]
fn a_flood_is_a_few_lines_and_a_number_and_the_audit_log_is_whole() {
    let (log, memory) = log(&Log::default());
    let flood = told(&log, &memory, || {
        for n in 0..10_000 {
            tracing::warn!(n, "it burns");
            if n % 10 == 0 {
                tracing::info!(target: "audit", n, "audit");
            }
        }
    });
    let count = |what: &str| flood.lines().filter(|line| line.contains(what)).count();
    let written = count("it burns n=");
    assert!((50..500).contains(&written), "{written}");
    assert_eq!(count("INFO audit n="), 1000);
    let rest = grouped(10_000 - written as u64);
    let summary = format!(" WARN … {rest} more like this: it burns suppressed=");
    assert_eq!(count(&summary), 1, "{summary}");
    let counts = log.counts();
    assert_eq!(counts.suppressed, 10_000 - written as u64);
    assert_eq!(counts.written, [0, written as u64 + 1, 1000, 0, 0]);
    assert_eq!(counts.dropped, 0);
}

#[test]
fn another_cause_is_another_kind() {
    let (log, memory) = log(&Log::default());
    let flood = told(&log, &memory, || {
        for n in 0..2000 {
            let cause = if n == 1999 { "rare" } else { "usual" };
            tracing::warn!(cause, "failed");
        }
    });
    assert!(flood.contains("failed cause=\"rare\""), "{flood}");
    assert!(
        flood.contains("more like this: failed suppressed=19"),
        "{flood}"
    );
    assert!(flood.contains(" cause=\"usual\""), "{flood}");
}

#[test]
fn what_was_not_written_is_told_every_ten_seconds() {
    let (log, memory) = log(&Log::default());
    let all = Tick::from_secs(1000);
    log.tend(all);
    let flood = || (0..100).for_each(|_| tracing::warn!("again"));
    hear(&log, flood);
    let summaries = || {
        assert!(log.inner.buffer.written(Duration::from_secs(30)));
        memory.text().matches("more like this: again").count()
    };
    log.tend(all.after(Duration::from_secs(9)));
    assert_eq!(summaries(), 0);
    log.tend(all.after(Duration::from_secs(10)));
    assert_eq!(summaries(), 1);
    log.tend(all.after(Duration::from_secs(20)));
    assert_eq!(summaries(), 1, "there was nothing new");
}

#[test]
fn a_reader_that_stopped_costs_lines_and_nobody_waits() {
    let config = Log {
        lines_per_second: 0,
        ..Log::default()
    };
    let (log, memory) = log(&config);
    memory.shut(true);
    let many =
        || (0..50_000).for_each(|n| tracing::warn!(n, "it burns, and there is a lot of smoke"));
    hear(&log, many);
    assert!(log.counts().dropped > 0, "{:?}", log.counts());
    memory.shut(false);
    log.flush();
    let counts = log.counts();
    assert_eq!(counts.written[1] + counts.dropped, 50_000);
    assert_eq!(memory.text().lines().count() as u64, counts.written[1]);
}

#[test]
fn lines_that_cannot_be_written_are_counted_as_lost() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let log = EventLog::default();
    let open = Open::new(Sink::Writer(Box::new(Full))).unwrap();
    writer::start(Arc::clone(&log.inner), open).unwrap();
    log.settings().attached = true;
    log.follow(&Log::default(), None);
    hear(&log, || {
        tracing::warn!("one");
        tracing::error!("another");
    });
    log.flush();
    let counts = log.counts();
    assert_eq!((counts.written, counts.dropped), ([0; 5], 2));
}

#[test]
fn programs_read_json() {
    let config = Log {
        format: LogFormat::Json,
        ..Log::default()
    };
    let (log, memory) = log(&config);
    let text = told(&log, &memory, || {
        tracing::warn!(request_id = "a\"b\n", cause = "x/y", attempts = 2, "failed");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["request_id"], "a\"b\n");
    assert_eq!(
        (&line["attempts"], &line["level"]),
        (&2.into(), &"warn".into())
    );
    assert!(
        line["target"]
            .as_str()
            .unwrap()
            .starts_with("soe503_proxy::control")
    );
}

#[test]
fn a_rotated_file_loses_nothing_and_another_path_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (log, _) = log(&Log::default());
    let follow = |name: &str| {
        let config = Log {
            path: LogPath::File(path(name)),
            lines_per_second: 0,
            ..Log::default()
        };
        let prepared = log.prepare(&config).unwrap();
        log.follow(&config, prepared);
    };
    follow("events");
    let tell = |lines: std::ops::Range<u32>| {
        let tell = || lines.for_each(|n| tracing::info!(n, "line"));
        hear(&log, tell);
    };
    tell(0..1000);
    std::fs::rename(path("events"), path("events.1")).unwrap();
    tell(1000..2000);
    log.reopen();
    tell(2000..3000);
    follow("elsewhere");
    tell(3000..4000);
    log.flush();
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let all = read("events.1") + &read("events") + &read("elsewhere");
    let expected: Vec<String> = (0..4000).map(|n| format!("  INFO line n={n}")).collect();
    let lines: Vec<&str> = all.lines().map(|line| &line[24..]).collect();
    assert!(lines == expected, "{} lines", lines.len());
    assert!(
        read("events").starts_with(|c: char| c.is_ascii_digit()),
        "the new file is used"
    );
    assert_eq!(read("elsewhere").lines().count(), 1000);
    let nowhere = Log {
        path: LogPath::File(path("no/such/folder")),
        ..Log::default()
    };
    assert!(log.prepare(&nowhere).is_err());
}

#[test]
fn what_was_told_before_a_rotation_goes_to_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (log, memory) = log(&Log::default());
    let tell = |what: &str| hear(&log, || tracing::info!(what, "line"));
    // The thread is held up, so that all of it is there before anything is done.
    memory.shut(true);
    tell("nothing");
    let config = Log {
        path: LogPath::File(path("events")),
        ..Log::default()
    };
    let prepared = log.prepare(&config).unwrap();
    log.follow(&config, prepared);
    tell("before");
    std::fs::rename(path("events"), path("events.1")).unwrap();
    log.reopen();
    tell("after");
    memory.shut(false);
    log.flush();
    for (name, what) in [("events.1", "before"), ("events", "after")] {
        let text = std::fs::read_to_string(path(name)).unwrap();
        assert_eq!(text.lines().count(), 1, "{name}: {text}");
        assert!(text.contains(what), "{name}: {text}");
    }
}

#[test]
fn a_log_that_nobody_tells_keeps_nothing() {
    let log = EventLog::default();
    log.reopen();
    log.flush();
    let config = Log {
        path: LogPath::File("/no/such/folder/at/all".into()),
        ..Log::default()
    };
    assert!(log.prepare(&config).unwrap().is_none());
}
