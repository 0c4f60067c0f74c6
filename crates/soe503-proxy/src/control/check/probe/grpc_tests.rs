use std::time::Duration;

use proptest::prelude::*;
use soe503_core::Cause;
use soe503_core::health::CheckResult;

use super::*;

#[test]
fn questions_are_as_protobuf_writes_them() {
    // `HealthCheckRequest {}` and `HealthCheckRequest { service: "testing" }`.
    assert_eq!(&*question(""), [0, 0, 0, 0, 0]);
    assert_eq!(&*question("testing"), b"\0\0\0\0\x09\x0a\x07testing");
    let long = question(&"x".repeat(200));
    assert_eq!(long[..8], [0, 0, 0, 0, 203, 0x0a, 0xc8, 1]);
    assert_eq!(long.len(), 5 + 203);
}

#[test]
fn answers_are_read_as_protobuf_writes_them() {
    for (body, status) in [
        (&b"\0\0\0\0\0"[..], Some(Status::Unknown)),
        (b"\0\0\0\0\x02\x08\x01", Some(Status::Serving)),
        (b"\0\0\0\0\x02\x08\x02", Some(Status::NotServing)),
        (b"\0\0\0\0\x02\x08\x03", Some(Status::ServiceUnknown)),
        (b"\0\0\0\0\x03\x08\x96\x01", Some(Status::Other(150))),
        // Fields of a later version: a number, a text, eight bytes, four bytes.
        (b"\0\0\0\0\x04\x10\x07\x08\x01", Some(Status::Serving)),
        (b"\0\0\0\0\x06\x1a\x02hi\x08\x01", Some(Status::Serving)),
        (
            b"\0\0\0\0\x0b\x21\0\0\0\0\0\0\0\0\x08\x01",
            Some(Status::Serving),
        ),
        (b"\0\0\0\0\x07\x2d\0\0\0\0\x08\x01", Some(Status::Serving)),
        // The last one counts.
        (b"\0\0\0\0\x04\x08\x01\x08\x02", Some(Status::NotServing)),
        // Nothing, half of it, too much of it, compressed, groups, a number without end.
        (b"", None),
        (b"\0\0\0", None),
        (b"\0\0\0\0\x02\x08", None),
        (b"\0\0\0\0\x01\x08\x01", None),
        (b"\x01\0\0\0\x02\x08\x01", None),
        (b"\0\0\0\0\x01\x0b", None),
        (b"\0\0\0\0\x02\x1a\x09", None),
        (
            b"\0\0\0\0\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            None,
        ),
    ] {
        assert_eq!(serving(body), status, "{body:?}");
    }
}

#[test]
fn each_answer_has_words_of_its_own() {
    let (path, down) = (
        Some(Cause::ConfigHealthCheckPath),
        Some(Cause::DependencyUpstream503),
    );
    let rejected = Some(Cause::ConfigHealthCheckRejected);
    // (grpc-status, body, words, cause, what may be wrong with the check)
    for (code, body, words, cause, doubt) in [
        (
            Some(0),
            &b"\0\0\0\0\x02\x08\x02"[..],
            "NOT_SERVING",
            down,
            None,
        ),
        (Some(0), b"\0\0\0\0\0", "UNKNOWN", down, None),
        (
            Some(0),
            b"\0\0\0\0\x02\x08\x03",
            "SERVICE_UNKNOWN, the server does not know the service",
            None,
            path,
        ),
        (Some(0), b"\0\0\0\0\x02\x08\x09", "status 9", down, None),
        (
            Some(0),
            b"",
            "the answer is no health message",
            Some(Cause::DependencyInvalidResponse),
            rejected,
        ),
        (
            None,
            b"\0\0\0\0\x02\x08\x01",
            "the answer has no grpc-status",
            Some(Cause::DependencyInvalidResponse),
            rejected,
        ),
        (
            Some(5),
            b"",
            "NOT_FOUND, the server does not know the service",
            None,
            path,
        ),
        (
            Some(12),
            b"",
            "UNIMPLEMENTED, the server does not speak the health protocol",
            None,
            path,
        ),
        (Some(14), b"", "UNAVAILABLE", down, None),
        (Some(16), b"", "UNAUTHENTICATED", None, rejected),
        (Some(77), b"", "grpc-status 77", None, None),
    ] {
        let stopped = verdict("shop.Orders", code, body).unwrap_err();
        let result = stopped.result(Duration::ZERO, Duration::from_secs(1));
        let CheckResult::Failed {
            cause: found,
            doubt: left,
            error,
            status,
            ..
        } = result
        else {
            panic!("{words}: {result:?}");
        };
        let said = format!("/grpc.health.v1.Health/Check of shop.Orders: {words}");
        assert_eq!((&*error, found, status), (&*said, cause, None), "{words}");
        assert_eq!(left.map(|doubt| doubt.cause), doubt, "{words}");
    }
    assert!(verdict("", Some(0), b"\0\0\0\0\x02\x08\x01").is_ok());
    let stopped = verdict("", Some(0), b"\0\0\0\0\x02\x08\x02").unwrap_err();
    assert!(format!("{stopped:?}").contains("Check: NOT_SERVING"));
}

proptest! {
    #[test]
    fn no_answer_makes_it_stumble(body in prop::collection::vec(any::<u8>(), 0..40), framed in any::<bool>()) {
        let mut all = body.clone();
        if framed {
            all = [&[0, 0, 0, 0, body.len() as u8][..], &body].concat();
        }
        let _ = serving(&all);
    }
}
