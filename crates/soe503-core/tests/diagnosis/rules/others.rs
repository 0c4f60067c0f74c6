//! R10, R12, R14, R15, R18, R19, and plain text at a TLS port.

use core::time::Duration;

use soe503_core::diagnosis::Grade;
use soe503_core::diagnosis::rules::{Departure, Fact, Missing, OwnSecond, Words, signature};
use soe503_core::{Cause, Tick};

use super::world::{Tell, World, late, well};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn own_processor_time() {
    let second = |lag, throttled, periods, pressure, busy| OwnSecond {
        at: 0,
        lag: ms(lag),
        throttled,
        periods,
        pressure,
        busy,
    };
    let rows = [
        (
            "throttled and late",
            second(80, 5, 10, None, true),
            Some(Grade::Proven),
        ),
        (
            "a quarter of the periods",
            second(80, 3, 12, None, true),
            Some(Grade::Proven),
        ),
        (
            "throttled, with threads to spare",
            second(4, 6, 10, None, true),
            None,
        ),
        (
            "late for no reason of ours",
            second(80, 0, 10, Some(0.1), true),
            None,
        ),
        ("hardly throttled", second(80, 2, 10, Some(0.9), true), None),
        (
            "starved",
            second(180, 0, 0, Some(0.5), true),
            Some(Grade::Inferred),
        ),
        (
            "a busy machine, an idle proxy",
            second(180, 0, 0, Some(0.9), false),
            None,
        ),
        (
            "a busy machine, in time",
            second(20, 0, 0, Some(0.9), true),
            None,
        ),
        ("nothing is known", second(80, 0, 0, None, true), None),
    ];
    for (name, second, grade) in rows {
        let mut world = World::usual(3);
        world.own(second);
        let findings = world.findings().list;
        let found = findings.first().map(|f| (f.cause, f.grade));
        assert_eq!(
            found,
            grade.map(|grade| (Cause::ResourceCpuThrottled, grade)),
            "{name}"
        );
    }
}

#[test]
fn own_trouble_is_forgotten_and_goes_first() {
    let mut world = World::usual(3);
    world.own(OwnSecond {
        lag: ms(300),
        throttled: 9,
        periods: 10,
        busy: true,
        ..OwnSecond::default()
    });
    world.run(2, |_| {
        late(
            Tell {
                backends: vec![(900, 30, 9); 3],
                ..well(3)
            },
            40,
        )
    });
    world.own(OwnSecond {
        busy: true,
        ..OwnSecond::default()
    });
    assert_eq!(world.causes()[0], Cause::ResourceCpuThrottled);
    world.run(2, |_| well(3));
    world.own(OwnSecond {
        busy: true,
        ..OwnSecond::default()
    });
    assert_eq!(world.causes(), []);
}

#[test]
fn only_one_release_fails() {
    let failing = |failures: [u32; 4]| {
        move |_| Tell {
            offered: 120,
            good: 120 - failures.iter().sum::<u32>(),
            backends: failures.map(|failed| (20, 1, failed)).to_vec(),
            ..well(4)
        }
    };
    let rows = [
        (
            "all of the new one",
            [0, 0, 12, 10],
            ["1", "1", "2", "2"],
            Some(&["b2", "b3"][..]),
        ),
        (
            "one backend with its own",
            [0, 0, 0, 9],
            ["1", "1", "1", "2"],
            Some(&["b3"][..]),
        ),
        (
            "the old ones as well",
            [9, 9, 10, 10],
            ["1", "1", "2", "2"],
            None,
        ),
        (
            "one of the new ones alone, four times",
            [3, 2, 2, 9],
            ["1", "1", "2", "2"],
            None,
        ),
        ("nobody fails", [0; 4], ["1", "1", "2", "2"], None),
        ("there is only one", [0, 0, 12, 10], ["1"; 4], None),
    ];
    for (name, failures, releases, concerned) in rows {
        let mut world = World::usual(4);
        for (label, release) in world.labels.iter_mut().zip(releases) {
            label.release = Some(format!("shop {release}").into());
        }
        world.run(10, failing(failures));
        match concerned {
            None => assert_eq!(world.causes(), [], "{name}"),
            Some(concerned) => {
                let finding = world.finding(Cause::ConfigBadRelease);
                let names: Vec<&str> = finding.backends.iter().map(|b| &**b).collect();
                assert_eq!(names, concerned, "{name}");
                assert_eq!(finding.missing, [Missing::RouteMix]);
            }
        }
    }
}

#[test]
fn a_handful_of_failures_proves_no_release_bad() {
    let mut world = World::usual(2);
    world.labels[0].release = Some("1".into());
    world.labels[1].release = Some("2".into());
    world.run(1, |_| Tell {
        backends: vec![(20, 1, 0), (20, 1, 4)],
        ..well(2)
    });
    assert_eq!(world.causes(), []);
}

fn failing(_: u64) -> Tell {
    Tell {
        good: 30,
        failures: vec![(Cause::DependencyUpstreamError, 60)],
        ..well(3)
    }
}

fn words(world: &World, said: &[(&str, u64)]) -> Vec<Words> {
    let each = |(i, (text, ago)): (usize, &(&str, u64))| Words {
        backend: format!("b{i}").into(),
        signature: signature(text.as_bytes()).unwrap(),
        since: Tick::from_secs(world.at - ago),
        at: world.now(),
    };
    said.iter().enumerate().map(each).collect()
}

#[test]
fn all_fail_with_the_same_words() {
    let a = "error 17: cannot reach orders-db (trace 4bf92f)";
    let same = "error 18: cannot reach orders-db (trace 00ab1c)";
    let other = "template not found: cart.html";
    let rows = [
        ("the same", vec![(a, 2), (same, 1), (a, 2)], true),
        (
            "one says something else",
            vec![(a, 2), (same, 1), (other, 1)],
            false,
        ),
        ("one alone", vec![(a, 2)], false),
        (
            "one has said so for a while",
            vec![(a, 2), (same, 1), (a, 60)],
            false,
        ),
    ];
    for (name, said, found) in rows {
        let mut world = World::usual(3);
        world.run(3, failing);
        world.words = words(&world, &said);
        let shared = world.causes().contains(&Cause::DependencyShared);
        assert_eq!(shared, found, "{name}");
    }
    // A few errors that sound alike are the usual noise.
    let mut world = World::usual(3);
    world.words = words(&world, &[(a, 2), (a, 2), (a, 2)]);
    assert_eq!(world.causes(), []);
    // With the load, it is the load.
    let mut world = World::usual(3);
    world.run(5, |_| Tell {
        offered: 300,
        good: 300,
        ..well(3)
    });
    world.words = words(&world, &[(a, 2), (a, 2), (a, 2)]);
    assert_eq!(world.causes(), []);
}

#[test]
fn words_are_compared_without_what_differs() {
    let sign = |text: &str| signature(text.as_bytes());
    assert_eq!(
        sign("{\"error\":\"connection to db-7 lost\",\"id\":\"a81f\"}"),
        sign("{\"error\": \"Connection to db-12 lost\", \"id\": \"99\"}"),
    );
    assert_ne!(
        sign("could not reach the database"),
        sign("could not parse the request")
    );
    let page = "<html><head><title>503 Service Unavailable</title></head><body><center>nginx/1.22.1</center></body></html>";
    for nothing in [
        "",
        "503",
        "xxxxxxxxxxxx",
        "9f3c1e2b77aa11cc",
        "Internal Server Error",
        page,
    ] {
        assert_eq!(sign(nothing), None, "{nothing}");
    }
}

#[test]
fn backends_that_stop_before_they_are_taken_out() {
    let world = World::usual(3);
    let departed = |ago: u64, refused: Option<u64>| Departure {
        name: "b9".into(),
        at: Tick::from_secs(world.at - ago),
        refused: refused.map(|before| Tick::from_secs(world.at - ago - before)),
    };
    let rows = [
        ("three seconds late", departed(5, Some(3)), true),
        ("it never refused", departed(5, None), false),
        ("it was dead for a minute", departed(5, Some(60)), false),
        ("long ago", departed(90, Some(2)), false),
    ];
    for (name, departure, found) in rows {
        let mut world = World::usual(3);
        world.departures = vec![departure];
        let findings = world.findings().list;
        assert_eq!(!findings.is_empty(), found, "{name}");
        if found {
            assert_eq!(
                findings[0].grade,
                Grade::Inferred,
                "for the one that has left"
            );
            assert_eq!(findings[0].backends, ["b9".into()]);
            assert_eq!(findings[1].grade, Grade::Suspected, "for the next one");
            let told = Fact::OutTooLate {
                delay: ms(3_000),
                backends: 1,
                pre_stop: ms(5_000),
            };
            assert_eq!(findings[1].facts, [told]);
        }
    }
}

#[test]
fn tls_where_plain_text_was_expected() {
    let mut world = World::of(2);
    world.speak_tls = vec!["b1".into()];
    let finding = world.finding(Cause::ConfigTlsPlaintextMismatch);
    assert_eq!(finding.grade, Grade::Proven);
    assert!(finding.concerns(Some("b1")) && !finding.concerns(Some("b0")));
}
