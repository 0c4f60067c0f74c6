use std::time::Duration;

use http::Method;
use soe503_core::Tick;
use soe503_core::diagnosis::{Context, diagnose};
use soe503_core::ledger::Ledger;

use super::*;

fn record(id: &str, status: u16) -> Record {
    let attempts = Ledger::default();
    Record {
        request_id: id.into(),
        trace_id: None,
        at: Tick::from_secs(1),
        method: Method::GET,
        target: None,
        host: None,
        pool: None,
        status,
        elapsed: Duration::from_millis(1),
        retry_after: None,
        incident: None,
        passed_on: false,
        diagnosis: diagnose(&attempts, &Context::new(Tick::from_secs(1))),
        attempts,
        context: None,
    }
}

fn status(recorder: &Recorder, id: &str) -> Option<u16> {
    recorder.find(id).map(|record| record.status)
}

#[test]
fn the_oldest_make_room_and_stay_unfindable() {
    let recorder = Recorder::new(Settings {
        kept: 3,
        waiting: 10,
    });
    for i in 0..5_u16 {
        recorder.record(record(&format!("r{i}"), 500 + i));
    }
    assert_eq!(recorder.kept(), 3);
    for (id, found) in [
        ("r0", None),
        ("r1", None),
        ("r2", Some(502)),
        ("r3", Some(503)),
        ("r4", Some(504)),
    ] {
        assert_eq!(status(&recorder, id), found, "{id}");
    }
    assert_eq!(recorder.dropped(), 0);
    assert_eq!(recorder.shared.kept.lock().unwrap().ring.by_id.len(), 3);
}

#[test]
fn what_does_not_fit_the_channel_is_counted_and_nothing_blocks() {
    let recorder = Recorder::new(Settings {
        kept: 10,
        waiting: 2,
    });
    for i in 0..5 {
        recorder.record(record(&format!("r{i}"), 503));
    }
    assert_eq!(recorder.dropped(), 3);
    assert_eq!(recorder.kept(), 2);
    recorder.record(record("late", 503));
    assert_eq!(status(&recorder, "late"), Some(503));
    assert_eq!(recorder.dropped(), 3);
}

#[test]
fn an_id_that_is_used_twice_means_the_latest() {
    let recorder = Recorder::new(Settings {
        kept: 2,
        waiting: 10,
    });
    recorder.record(record("same", 502));
    recorder.record(record("same", 503));
    assert_eq!(status(&recorder, "same"), Some(503));
    recorder.record(record("other", 504));
    assert_eq!(
        status(&recorder, "same"),
        Some(503),
        "evicting the older one keeps the younger"
    );
    recorder.record(record("third", 504));
    assert_eq!(status(&recorder, "same"), None);
}

#[test]
fn many_workers_feed_one_recorder() {
    let recorder = Recorder::new(Settings {
        kept: 64,
        waiting: 4096,
    });
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let recorder = recorder.clone();
            scope.spawn(move || {
                for i in 0..200 {
                    recorder.record(record(&format!("{worker}-{i}"), 503));
                }
            });
        }
    });
    assert_eq!(recorder.kept(), 64);
    assert_eq!(recorder.dropped(), 0);
}

#[test]
fn the_latest_of_each_kind_is_an_example_of_it() {
    let recorder = Recorder::default();
    for (id, code) in [("a", 503), ("b", 502), ("c", 503), ("d", 504)] {
        recorder.record(record(id, code));
    }
    recorder.record(Record {
        pool: Some("app".into()),
        ..record("e", 503)
    });
    recorder.record(Record {
        passed_on: true,
        ..record("f", 503)
    });
    let latest = recorder.latest();
    let ids: Vec<&str> = latest.iter().map(|one| &*one.request_id).collect();
    assert_eq!(ids, ["f", "e", "d", "c", "b"]);
}
