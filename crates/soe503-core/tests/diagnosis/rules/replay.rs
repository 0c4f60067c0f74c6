//! A recorded snapshot gives the same diagnosis.

use std::sync::Arc;

use proptest::prelude::*;
use soe503_core::cause::Cause;
use soe503_core::diagnosis::{Context, Snapshot, diagnose};
use soe503_core::ledger::{Fault, Http2Fault, Ledger, ParseFault, Phase, TimeoutKind, TlsFault};

use super::world::{Tell, World, late, well};
use crate::support::{answered, circuit_open, failed, on, refused, reset};

fn faults() -> Vec<Fault> {
    vec![
        Fault::Errno(110),
        Fault::Closed,
        Fault::Timeout(TimeoutKind::Attempt),
        Fault::Tls(TlsFault::NameMismatch {
            expected: "a".into(),
            presented: vec!["b".into()],
        }),
        Fault::Tls(TlsFault::Plaintext {
            first_bytes: *b"HTTP/1.1",
        }),
        Fault::Parse(ParseFault::TlsRecord),
        Fault::Http2(Http2Fault::GoAway(11)),
        Fault::Dns {
            rcode: Some(3),
            resolved_before: true,
        },
        Fault::Client,
        Fault::Opaque,
    ]
}

#[test]
fn every_fault_survives_the_way_through_json() {
    let mut attempts: Vec<_> = faults()
        .into_iter()
        .map(|fault| on(1, "b0", failed(Phase::WaitHeaders, fault)))
        .collect();
    attempts.extend([
        refused(),
        reset(),
        answered(503),
        circuit_open(Some(Cause::DependencyUpstream503)),
    ]);
    let mut world = World::usual(3);
    world.run(10, |_| {
        late(
            Tell {
                backends: vec![(900, 30, 20); 3],
                ..well(3)
            },
            60,
        )
    });
    for attempt in attempts {
        let context = Context {
            findings: Some(Arc::new(world.findings())),
            pool: Some("orders".into()),
            ..Context::new(world.now())
        };
        let ledger = Ledger::from(attempt);
        let told = diagnose(&ledger, &context);
        let snapshot = Snapshot::new(ledger, context);
        let text = serde_json::to_string(&snapshot).unwrap();
        let read: Snapshot = serde_json::from_str(&text).unwrap();
        assert_eq!(read.diagnose(), told, "{text}");
    }
}

#[test]
fn what_a_snapshot_does_not_say_is_not_known() {
    let read: Snapshot =
        serde_json::from_str(r#"{"format":1,"ledger":{"attempts":[]},"context":{}}"#).unwrap();
    assert_eq!(read.diagnose().primary, Cause::Unclassified);
}

proptest! {
    #[test]
    fn rules_are_deterministic_and_never_panic(
        seconds in prop::collection::vec((0_u32..500, 0_u32..500, 0_u32..50, 0_u64..5_000, 0_u32..200), 0..60),
        backends in 0_usize..5,
    ) {
        let mut world = World::of(backends);
        let told = seconds.clone();
        world.run(seconds.len() as u64, move |i| {
            let (offered, good, failed, millis, in_flight) = told[i as usize];
            Tell {
                offered,
                good: good.min(offered),
                again: failed,
                shed: failed,
                failures: vec![(Cause::DependencyResponseTimeout, failed)],
                backends: vec![(millis, in_flight, failed); backends],
                ..well(backends)
            }
        });
        let findings = world.findings();
        prop_assert_eq!(&findings, &world.findings());
        let text = serde_json::to_string(&findings).unwrap();
        prop_assert!(!text.contains("null,null"), "{}", text);
    }
}
