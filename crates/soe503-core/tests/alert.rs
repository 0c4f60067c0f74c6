//! What of an incident is told, and what becomes of messages that do not arrive.

use core::time::Duration;
use std::num::NonZeroU32;
use std::sync::Arc;

use soe503_core::alert::{
    Entry, Event, Facts, Interest, MOST_ENTRIES, Outbox, Patience, Reply, Severity, Sight, Told,
    Topic, Verdict,
};
use soe503_core::diagnosis::{Grade, Level};
use soe503_core::retry::Backoff;
use soe503_core::{Category, Cause, Tick};

const FACTS: Facts<'static> = Facts {
    cause: Some(Cause::DependencyConnectRefused),
    grade: Grade::Inferred,
    severity: Severity::Warning,
    pool: Some("cart"),
    failed: 5,
};

fn id(id: &str) -> Arc<str> {
    id.into()
}

fn entry(name: &str, event: Event, about: u32) -> Entry<u32> {
    Entry {
        id: id(name),
        event,
        about,
        since: Tick::from_secs(100),
        attempts: 0,
    }
}

#[test]
fn how_bad_it_is() {
    for (level, proxy, failed, severity) in [
        (Level::Pool, false, 0, Severity::Info),
        (Level::AllPools, true, 0, Severity::Info),
        (Level::Request, false, 1, Severity::Warning),
        (Level::Backend, false, 9, Severity::Warning),
        (Level::Subset, false, 9, Severity::Warning),
        (Level::Pool, false, 1, Severity::Critical),
        (Level::AllPools, false, 1, Severity::Critical),
        (Level::Request, true, 1, Severity::Critical),
    ] {
        let told = Severity::of(level, proxy, failed);
        assert_eq!(told, severity, "{level:?} {proxy} {failed}");
    }
    assert!(Severity::ALL.is_sorted());
}

#[test]
fn who_wants_to_know() {
    let all = Interest::default();
    let only = |change: &dyn Fn(&mut Interest)| {
        let mut interest = all.clone();
        change(&mut interest);
        interest
    };
    let of_proxy = Facts {
        pool: None,
        ..FACTS
    };
    let unknown = Facts {
        cause: None,
        ..FACTS
    };
    for (interest, facts, wanted) in [
        (all.clone(), FACTS, true),
        (all.clone(), unknown, true),
        (only(&|i| i.severity = Severity::Warning), FACTS, true),
        (only(&|i| i.severity = Severity::Critical), FACTS, false),
        (only(&|i| i.grade = Grade::Inferred), FACTS, true),
        (only(&|i| i.grade = Grade::Proven), FACTS, false),
        (only(&|i| i.pools = vec![id("cart")]), FACTS, true),
        (only(&|i| i.pools = vec![id("db")]), FACTS, false),
        (only(&|i| i.pools = vec![id("db")]), of_proxy, true),
        (
            only(&|i| i.causes = vec![Topic::Category(Category::DependencyFailure)]),
            FACTS,
            true,
        ),
        (
            only(&|i| i.causes = vec![Topic::Category(Category::Overload)]),
            FACTS,
            false,
        ),
        (
            only(&|i| i.causes = vec![Topic::Cause(Cause::DependencyConnectRefused)]),
            FACTS,
            true,
        ),
        (
            only(&|i| i.causes = vec![Topic::Cause(Cause::OverloadQueueFull)]),
            FACTS,
            false,
        ),
        (
            only(&|i| i.causes = vec![Topic::Category(Category::Unknown)]),
            unknown,
            false,
        ),
    ] {
        assert_eq!(interest.admits(&facts), wanted, "{interest:?} {facts:?}");
    }
}

#[test]
fn topics_are_written_as_they_are_read() {
    for text in ["overload", "overload/queue_full", "circuit_open"] {
        assert_eq!(Topic::from_id(text).map(Topic::id), Some(text));
    }
    assert_eq!(Topic::from_id("overload/"), None);
}

/// An outage that goes on for long is told in steps, not each time that something failed.
#[test]
fn an_incident_is_told_once_for_each_step() {
    let (mut told, interest) = (Told::default(), Interest::default());
    let one = id("01K");
    let mut see = |sight, failed, severity| {
        let facts = Facts {
            failed,
            severity,
            ..FACTS
        };
        told.see(&one, sight, &facts, &interest)
    };
    let warning = Severity::Warning;
    assert_eq!(see(Sight::Opened, 5, warning), Some(Event::Opened));
    for failed in [6, 20, 49] {
        assert_eq!(see(Sight::GoesOn, failed, warning), None, "{failed}");
    }
    assert_eq!(see(Sight::GoesOn, 50, warning), Some(Event::Grew));
    assert_eq!(see(Sight::GoesOn, 499, warning), None);
    assert_eq!(
        see(Sight::GoesOn, 499, Severity::Critical),
        Some(Event::Grew)
    );
    assert_eq!(see(Sight::GoesOn, 499, warning), None, "milder is no news");
    assert_eq!(
        see(Sight::GoesOn, 5_000, Severity::Critical),
        Some(Event::Grew)
    );
    assert_eq!(see(Sight::Closed, 5_001, warning), Some(Event::Closed));
    assert_eq!(see(Sight::Closed, 5_001, warning), None);
    assert_eq!(
        see(Sight::Opened, 5_010, warning),
        Some(Event::Opened),
        "it is back"
    );
}

#[test]
fn what_fails_nothing_has_grown_when_something_fails() {
    let (mut told, interest) = (Told::default(), Interest::default());
    let quiet = Facts {
        failed: 0,
        severity: Severity::Info,
        ..FACTS
    };
    assert_eq!(
        told.see(&id("a"), Sight::Opened, &quiet, &interest),
        Some(Event::Opened)
    );
    assert_eq!(told.see(&id("a"), Sight::GoesOn, &quiet, &interest), None);
    assert_eq!(
        told.see(&id("a"), Sight::GoesOn, &FACTS, &interest),
        Some(Event::Grew)
    );
}

#[test]
fn who_joins_late_is_told_that_it_was_opened() {
    let mut told = Told::default();
    let interest = Interest {
        severity: Severity::Critical,
        ..Interest::default()
    };
    let worse = Facts {
        severity: Severity::Critical,
        ..FACTS
    };
    assert_eq!(told.see(&id("a"), Sight::Opened, &FACTS, &interest), None);
    assert!(!told.is_open("a"));
    assert_eq!(
        told.see(&id("a"), Sight::GoesOn, &worse, &interest),
        Some(Event::Opened)
    );
    assert!(told.is_open("a"));
    // It has become harmless: its end is told all the same.
    assert_eq!(
        told.see(&id("a"), Sight::Closed, &FACTS, &interest),
        Some(Event::Closed)
    );
    assert_eq!(
        told.see(&id("b"), Sight::Closed, &worse, &interest),
        None,
        "never told"
    );
}

#[test]
fn what_nobody_wants_counts_as_told() {
    let mut told = Told::default();
    let interest = Interest {
        on: vec![Event::Opened, Event::Closed],
        ..Interest::default()
    };
    let more = Facts {
        failed: 50,
        ..FACTS
    };
    assert_eq!(
        told.see(&id("a"), Sight::Opened, &FACTS, &interest),
        Some(Event::Opened)
    );
    assert_eq!(told.see(&id("a"), Sight::GoesOn, &more, &interest), None);
    assert_eq!(
        told.see(&id("a"), Sight::Closed, &more, &interest),
        Some(Event::Closed)
    );
}

#[test]
fn one_step_is_at_least_twice_as_much() {
    let mut told = Told::default();
    let interest = Interest {
        grew_by: NonZeroU32::MIN,
        ..Interest::default()
    };
    told.see(&id("a"), Sight::Opened, &FACTS, &interest);
    assert_eq!(told.see(&id("a"), Sight::GoesOn, &FACTS, &interest), None);
}

/// One entry for each incident; it says what is true now.
#[test]
fn what_waits_of_one_incident_is_one_message() {
    use Event::{Again, Closed, Grew, Opened};
    for (older, newer, event) in [
        (Opened, Grew, Opened),
        (Opened, Again, Opened),
        (Opened, Closed, Closed),
        (Opened, Opened, Opened),
        (Grew, Again, Grew),
        (Grew, Closed, Closed),
        (Closed, Opened, Opened),
        (Closed, Again, Closed),
        (Again, Grew, Grew),
        (Again, Closed, Closed),
    ] {
        let mut waiting = Outbox::default();
        let tried = Entry {
            attempts: 7,
            ..entry("a", older, 1)
        };
        waiting.put(tried);
        waiting.put(entry("b", Opened, 9));
        waiting.put(entry("a", newer, 2));
        let first = waiting.take().unwrap();
        // More to say is no reason to ask sooner.
        assert_eq!(
            (first.event, first.about, first.attempts),
            (event, 2, 7),
            "{older:?} {newer:?}"
        );
        // In flight when the newer one came.
        let mut waiting = Outbox::default();
        waiting.put(entry("a", older, 1));
        let mut flying = waiting.take().unwrap();
        flying.attempts = 3;
        waiting.put(entry("b", Opened, 9));
        waiting.put(entry("a", newer, 2));
        waiting.put_back(flying);
        assert_eq!(waiting.len(), 2);
        let all: Vec<_> = std::iter::from_fn(|| waiting.take()).collect();
        let found = all.iter().find(|e| &*e.id == "a").unwrap();
        assert_eq!((found.event, found.about, found.attempts), (event, 2, 3));
    }
}

#[test]
fn what_did_not_arrive_goes_first_again() {
    let mut waiting = Outbox::default();
    for name in ["a", "b"] {
        waiting.put(entry(name, Event::Opened, 0));
    }
    let first = waiting.take().unwrap();
    waiting.put_back(first);
    assert_eq!(&*waiting.take().unwrap().id, "a");
}

#[test]
fn a_target_that_is_down_costs_a_bounded_number_of_entries() {
    let mut waiting = Outbox::default();
    waiting.put(entry("again", Event::Again, 0));
    for n in 0..MOST_ENTRIES as u32 + 9 {
        waiting.put(entry(&n.to_string(), Event::Opened, n));
    }
    assert_eq!(waiting.len(), MOST_ENTRIES);
    // The one that said nothing new went first, and is not missed.
    assert_eq!(waiting.dropped(), 9);
    assert_eq!(&*waiting.take().unwrap().id, "9", "the oldest made room");
}

#[test]
fn what_becomes_of_a_message() {
    let second = Duration::from_secs(1);
    let patience = Patience {
        pauses: Backoff {
            base: second,
            max: second * 4,
        },
        give_up_after: Duration::from_secs(60),
    };
    let now = Tick::from_secs(110);
    let answered = |status, retry_after| Reply::Answered {
        status,
        retry_after,
    };
    let judge = |reply, now| {
        let mut message = entry("a", Event::Opened, 0);
        let verdict = patience.judge(&mut message, reply, now, &mut fastrand::Rng::with_seed(7));
        (verdict, message.attempts)
    };
    for status in [200, 202, 204] {
        assert_eq!(judge(answered(status, None), now), (Verdict::Delivered, 0));
    }
    for status in [100, 301, 400, 405, 410, 413, 422] {
        assert_eq!(
            judge(answered(status, None), now),
            (Verdict::Refused, 0),
            "{status}"
        );
    }
    for status in [401, 403, 404, 408, 425, 429, 500, 503, 599] {
        let (verdict, attempts) = judge(answered(status, None), now);
        assert!(
            matches!(verdict, Verdict::Again(at) if at <= now.after(second)),
            "{status}"
        );
        assert_eq!(attempts, 1);
    }
    assert!(matches!(judge(Reply::Silent, now).0, Verdict::Again(_)));
    let asked = answered(429, Some(second * 30));
    assert_eq!(judge(asked, now).0, Verdict::Again(now.after(second * 30)));
    // An hour: it would be given up before. Nobody is left alone for longer than five minutes.
    assert_eq!(
        judge(answered(429, Some(second * 3600)), now).0,
        Verdict::GaveUp
    );
    let longer = Patience {
        give_up_after: second * 3600,
        ..patience
    };
    let verdict = longer.judge(
        &mut entry("a", Event::Opened, 0),
        answered(503, Some(second * 3600)),
        now,
        &mut fastrand::Rng::with_seed(7),
    );
    assert_eq!(verdict, Verdict::Again(now.after(Patience::LONGEST)));
    assert_eq!(
        judge(Reply::Silent, Tick::from_secs(161)).0,
        Verdict::GaveUp
    );
}

#[test]
fn pauses_grow_and_differ() {
    let patience = Patience::default();
    let mut message = entry("a", Event::Opened, 0);
    let mut rng = fastrand::Rng::with_seed(1);
    let now = Tick::from_secs(100);
    let mut pauses = Vec::new();
    for n in 1..=12 {
        let Verdict::Again(at) = patience.judge(&mut message, Reply::Silent, now, &mut rng) else {
            panic!("given up at attempt {n}");
        };
        assert!(at.since(now) <= Duration::from_secs(1 << (n - 1).min(6)));
        pauses.push(at.since(now));
    }
    assert!(
        pauses.iter().max() > Some(&Duration::from_secs(20)),
        "{pauses:?}"
    );
    assert_eq!(message.attempts, 12);
}

#[test]
fn an_outbox_is_empty_until_something_is_put_in() {
    let mut outbox = Outbox::default();
    assert!(outbox.is_empty());
    outbox.put(entry("a", Event::Opened, 0));
    assert!(!outbox.is_empty());
    assert!(outbox.take().is_some() && outbox.is_empty());
}
