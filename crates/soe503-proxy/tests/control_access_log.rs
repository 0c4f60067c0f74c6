//! The access log: the shape of a line, bounds, rotation, shutdown.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use soe503_core::ledger::RetryVerdict;
use soe503_core::{Cause, Tick};
use soe503_proxy::control::access_log::{AccessLog, Entry, Options, Sink, start};
use soe503_proxy::state::Origin;
use soe503_proxy::traces::TraceId;

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn entry(id: &str) -> Entry {
    Entry {
        started: Tick::from_secs(1),
        duration: Duration::from_micros(12_345),
        request_id: id.into(),
        trace: TraceId::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
        client: "10.1.2.3".parse().unwrap(),
        method: http::Method::GET,
        host: Some("shop.example".parse().unwrap()),
        target: Some("/cart?token=secret".parse().unwrap()),
        protocol: http::Version::HTTP_11,
        status: Some(503),
        bytes: 421,
        route: Some("shop".into()),
        pool: Some("app".into()),
        backend: Some("127.0.0.1:8081".into()),
        attempts: 2,
        cause: Some(Cause::DependencyConnectRefused),
        origin: Some(Origin::Generated),
        retry: Some(RetryVerdict::AttemptsSpent),
        user_agent: Some("curl/8".parse().unwrap()),
    }
}

#[test]
fn a_line_has_every_member_and_no_query() {
    let memory = Memory::default();
    let (log, writer) = start(Sink::Writer(Box::new(memory.clone())), Options::default()).unwrap();
    log.log(entry("01K"));
    writer.flush();
    let mut line = memory.lines().remove(0);
    let ts = line["ts"].take();
    let ts = ts.as_str().unwrap();
    assert!(
        ts.ends_with('Z') && ts.len() == "2026-11-22T17:41:08.042Z".len(),
        "{ts}"
    );
    assert_eq!(
        line,
        json!({
            "ts": null, "request_id": "01K", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "client": "10.1.2.3", "method": "GET",
            "host": "shop.example", "path": "/cart", "protocol": "HTTP/1.1", "status": 503,
            "bytes": 421, "duration_ms": 12.345, "route": "shop", "pool": "app",
            "backend": "127.0.0.1:8081", "attempts": 2,
            "cause": "dependency_failure/connect_refused", "origin": "generated",
            "retry": "attempts_spent", "user_agent": "curl/8",
        })
    );
}

#[test]
fn what_is_not_known_is_null_and_never_absent() {
    let memory = Memory::default();
    let (log, writer) = start(Sink::Writer(Box::new(memory.clone())), Options::default()).unwrap();
    log.log(entry("a"));
    log.log(Entry {
        host: None,
        target: None,
        status: None,
        route: None,
        pool: None,
        backend: None,
        cause: None,
        origin: None,
        retry: None,
        user_agent: None,
        trace: None,
        ..entry("b")
    });
    writer.flush();
    let lines = memory.lines();
    let keys =
        |line: &Value| -> Vec<String> { line.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&lines[0]), keys(&lines[1]));
    assert!(lines[1]["status"].is_null() && lines[1]["cause"].is_null());
}

#[test]
fn the_query_is_written_where_it_is_asked_for() {
    let memory = Memory::default();
    let options = Options {
        log_query: true,
        ..Options::default()
    };
    let (log, writer) = start(Sink::Writer(Box::new(memory.clone())), options).unwrap();
    log.log(entry("01K"));
    writer.flush();
    assert_eq!(memory.lines()[0]["path"], "/cart?token=secret");
}

#[test]
fn no_client_can_forge_a_line() {
    let memory = Memory::default();
    let (log, writer) = start(Sink::Writer(Box::new(memory.clone())), Options::default()).unwrap();
    log.log(Entry {
        user_agent: Some(http::HeaderValue::from_bytes(b"x\"}\t{\"status\":200,\xff\x80").unwrap()),
        request_id: "a\nb\u{2028}".into(),
        ..entry("")
    });
    writer.flush();
    let lines = memory.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["request_id"], "a\nb\u{2028}");
    assert_eq!(lines[0]["status"], 503);
}

/// A sink whose first write waits until it is let go.
struct Stuck(Arc<(Mutex<bool>, Condvar)>, Memory);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (open, changed) = &*self.0;
        let mut open = open.lock().unwrap();
        while !*open {
            open = changed.wait(open).unwrap();
        }
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_stopped_costs_lines_and_never_blocks_a_worker() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let memory = Memory::default();
    let stuck = Stuck(Arc::clone(&gate), memory.clone());
    let options = Options {
        capacity: 8,
        ..Options::default()
    };
    let (log, writer) = start(Sink::Writer(Box::new(stuck)), options).unwrap();
    for i in 0..100_000 {
        log.log(entry(&i.to_string()));
    }
    assert!(log.dropped() > 0);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    drop(writer);
    assert_eq!(log.written() + log.dropped(), 100_000);
    assert_eq!(memory.lines().len() as u64, log.written());
}

/// A pipe that nobody reads: the process ends all the same.
#[test]
fn a_reader_that_never_comes_back_does_not_hold_up_the_end() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let stuck = Stuck(Arc::clone(&gate), Memory::default());
    let (log, writer) = start(Sink::Writer(Box::new(stuck)), Options::default()).unwrap();
    log.log(entry("a"));
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(writer);
        done.send(()).unwrap();
    });
    let ended = ended.recv_timeout(Duration::from_secs(60));
    ended.expect("it does not wait for ever");
    assert_eq!(log.written(), 0, "it was stuck");
}

#[test]
fn shutdown_writes_what_is_left_in_order() {
    let memory = Memory::default();
    let (log, writer) = start(Sink::Writer(Box::new(memory.clone())), Options::default()).unwrap();
    for i in 0..1000 {
        log.log(entry(&i.to_string()));
    }
    drop(writer);
    let ids: Vec<String> = memory
        .lines()
        .iter()
        .map(|l| l["request_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, (0..1000).map(|i| i.to_string()).collect::<Vec<_>>());
    assert_eq!((log.written(), log.dropped()), (1000, 0));
    log.log(entry("too late"));
    assert_eq!(log.dropped(), 1);
}

#[test]
fn a_rotated_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (log, writer) = start(Sink::File(path.clone()), Options::default()).unwrap();
    log.log(entry("before"));
    writer.flush();
    std::fs::rename(&path, folder.path().join("access.log.1")).unwrap();
    // What waits belongs to the old file as well.
    (0..1000).for_each(|_| log.log(entry("before")));
    log.reopen();
    writer.flush();
    log.log(entry("after"));
    writer.flush();
    let old = std::fs::read_to_string(folder.path().join("access.log.1")).unwrap();
    let new = std::fs::read_to_string(&path).unwrap();
    assert!(old.matches("before").count() == 1001 && !old.contains("after"));
    assert!(new.contains("after") && !new.contains("before"));
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    assert!(start(Sink::File(folder.path().to_owned()), Options::default()).is_err());
}

#[test]
fn off_means_off() {
    let log = AccessLog::off();
    log.log(entry("x"));
    assert!(!log.is_on());
    assert_eq!((log.written(), log.dropped()), (0, 0));
}

#[test]
fn a_full_disk_costs_lines_and_is_counted() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (log, writer) = start(Sink::Writer(Box::new(Full)), Options::default()).unwrap();
    log.log(entry("a"));
    log.log(entry("b"));
    drop(writer);
    assert_eq!((log.written(), log.dropped()), (0, 2));
}

#[test]
fn half_a_line_that_a_full_disk_has_left_spoils_no_other() {
    /// Has room for so many bytes, and for more once it is cleared.
    struct Disk(Memory, Arc<Mutex<usize>>);
    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut room = self.1.lock().unwrap();
            let count = bytes.len().min(*room);
            *room -= count;
            match count {
                0 => Err(io::ErrorKind::StorageFull.into()),
                _ => self.0.write(&bytes[..count]),
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (memory, room) = (Memory::default(), Arc::new(Mutex::new(100)));
    let disk = Disk(memory.clone(), Arc::clone(&room));
    let (log, writer) = start(Sink::Writer(Box::new(disk)), Options::default()).unwrap();
    log.log(entry("lost"));
    writer.flush();
    *room.lock().unwrap() = usize::MAX;
    log.log(entry("kept"));
    drop(writer);
    assert_eq!((log.written(), log.dropped()), (1, 1));
    let text = String::from_utf8(memory.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(serde_json::from_str::<Value>(lines[0]).is_err());
    let kept: Value = serde_json::from_str(lines[1]).unwrap();
    assert_eq!(kept["request_id"], "kept");
}
