//! What is put in is found: by id, in order, after a restart, while it is written.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::{Entry, Journal, Kind, Limits, State, Unreadable};
use super::*;

#[test]
fn entries_are_found_after_a_restart_by_id_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let journal = begun(&place(&directory));
    // Not in the order of time.
    for number in [3, 1, 2] {
        journal.put(failure(number));
    }
    journal.put(entry(Kind::Incident, "i1", now() - 5));
    journal.put(entry(Kind::Change, "c1", now()));
    journal.stop();
    assert!(!journal.is_on());

    let again = begun(&place(&directory));
    assert_eq!(ids(&again, Kind::Failure), ["f3", "f2", "f1"]);
    let found = again.get(Kind::Failure, "f2").unwrap().unwrap();
    assert_eq!((found.at, &*found.body), (now() + 2, &b"failure f2"[..]));
    assert_eq!(again.get(Kind::Incident, "f2").unwrap(), None);
    assert_eq!(
        again.get(Kind::Incident, "i1").unwrap().unwrap().at,
        now() - 5
    );
    assert_eq!(again.get(Kind::Change, "c1").unwrap().unwrap().id, "c1");
    let before: Vec<_> = again.latest(Kind::Failure, now() + 3, 1).unwrap();
    assert_eq!(
        before[0].id, "f2",
        "pages go on before the last one of the page before"
    );
    let status = again.status().unwrap();
    assert_eq!(status.state, State::Open);
    assert_eq!(Kind::ALL.map(|kind| status.entries(kind)), [3, 1, 1]);
    assert_eq!(status.oldest, Some(now() - 5));
}

#[test]
fn an_entry_that_is_written_again_replaces_the_older_one() {
    let directory = tempfile::tempdir().unwrap();
    let journal = begun(&place(&directory));
    journal.put(entry(Kind::Incident, "i1", now() + 10));
    journal.put(entry(Kind::Incident, "i2", now() + 20));
    journal.flush();
    let mut later = entry(Kind::Incident, "i1", now() + 10);
    later.body = b"closed".to_vec();
    journal.put(later.clone());
    later.at = now() + 30;
    journal.put(later);
    journal.flush();
    assert_eq!(ids(&journal, Kind::Incident), ["i1", "i2"]);
    let found = journal.get(Kind::Incident, "i1").unwrap().unwrap();
    assert_eq!((found.at, &*found.body), (now() + 30, &b"closed"[..]));
    assert_eq!(journal.status().unwrap().entries(Kind::Incident), 2);
}

#[test]
fn another_form_is_told_and_left_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let journal = begun(&place(&directory));
    let value = json!({ "kind": "deploy" });
    journal.put(Entry::json(Kind::Change, "c1".into(), now(), 7, &value).unwrap());
    journal.put(Entry {
        body: b"{".to_vec(),
        ..entry(Kind::Change, "c2", now())
    });
    journal.flush();
    let found = journal.get(Kind::Change, "c1").unwrap().unwrap();
    assert_eq!(found.json::<Value>(7).unwrap(), value);
    let other = found.json::<Value>(1).unwrap_err();
    assert_eq!(
        other.to_string(),
        "it has the form 7, and this version reads 1"
    );
    let cut = journal.get(Kind::Change, "c2").unwrap().unwrap();
    assert!(matches!(cut.json::<Value>(1), Err(Unreadable::Form(_))));
}

#[test]
fn it_is_read_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let journal = begun(&place(&directory));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Relaxed) {
                let ids = ids(&journal, Kind::Failure);
                assert!(ids.len() >= seen, "what was there is still there");
                seen = ids.len();
                // Each is complete: what the list names is found, with its own body.
                if let Some(last) = ids.first() {
                    let found = journal.get(Kind::Failure, last).unwrap().unwrap();
                    assert_eq!(found.body, format!("failure {last}").into_bytes());
                }
            }
        });
        for number in 0..300 {
            journal.put(failure(number));
            if number % 10 == 0 {
                journal.flush();
            }
        }
        journal.flush();
        done.store(true, Relaxed);
        reader.join().unwrap();
    });
    assert_eq!(ids(&journal, Kind::Failure).len(), 300);
}

#[test]
fn what_is_on_its_way_elsewhere_is_gathered_before_each_commit_and_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Begun(Journal::default());
    let elsewhere = Arc::new(Mutex::new(vec![failure(1)]));
    let (from, into) = (Arc::clone(&elsewhere), journal.0.clone());
    let gather = move || {
        from.lock()
            .unwrap()
            .drain(..)
            .for_each(|entry| into.put(entry));
    };
    let wanted = Some((place(&directory), Limits::default()));
    journal.configure(wanted, now, gather).unwrap();
    journal.flush();
    assert_eq!(ids(&journal, Kind::Failure), ["f1"]);
    elsewhere.lock().unwrap().push(failure(2));
    journal.stop();
    assert_eq!(ids(&begun(&place(&directory)), Kind::Failure), ["f2", "f1"]);
}

#[test]
fn it_is_switched_on_moved_and_switched_off() {
    let directory = tempfile::tempdir().unwrap();
    let (here, there) = (
        directory.path().join("a.redb"),
        directory.path().join("b.redb"),
    );
    let journal = Begun(Journal::default());
    journal.put(failure(1));
    assert_eq!(journal.get(Kind::Failure, "f1").unwrap(), None);
    assert!(journal.status().is_none());
    let set = |path: Option<&std::path::Path>| {
        let wanted = path.map(|path| (path.to_owned(), Limits::default()));
        journal.configure(wanted, now, || ()).unwrap();
    };
    set(Some(&here));
    journal.put(failure(2));
    set(Some(&there));
    journal.put(failure(3));
    journal.flush();
    assert_eq!(ids(&journal, Kind::Failure), ["f3"]);
    set(None);
    journal.put(failure(4));
    set(Some(&here));
    journal.flush();
    assert_eq!(ids(&journal, Kind::Failure), ["f2"]);
    assert_eq!(journal.counts().dropped.load(Relaxed), 0);
    assert_eq!(journal.counts().written.load(Relaxed), 2);
}

#[test]
fn what_is_too_large_is_counted_and_never_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let journal = begun(&place(&directory));
    journal.put(Entry {
        body: vec![0; Entry::MAX_BODY + 1],
        ..failure(1)
    });
    journal.put(entry(Kind::Failure, &"x".repeat(Entry::MAX_ID + 1), now()));
    journal.put(Entry {
        body: vec![b' '; Entry::MAX_BODY],
        ..entry(Kind::Failure, &"y".repeat(Entry::MAX_ID), now())
    });
    journal.flush();
    assert_eq!(journal.counts().dropped.load(Relaxed), 2);
    assert_eq!(ids(&journal, Kind::Failure), ["y".repeat(Entry::MAX_ID)]);
}
