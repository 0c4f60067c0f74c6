use super::*;

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = fields.iter().map(|(name, value)| {
        let name = http::HeaderName::from_static(name);
        (name, value.parse::<http::HeaderValue>().unwrap())
    });
    pairs.collect()
}

type Fields<'a> = &'a [(&'static str, &'a str)];
/// Status, fields, body, and what they mean.
type Row<'a> = (u16, Fields<'a>, &'a [u8], Kind);
/// Status, fields of the head, trailers, body, and what they mean.
type Call<'a> = (u16, Fields<'a>, Fields<'a>, Vec<u8>, Kind);

#[derive(Debug, PartialEq)]
enum Kind {
    Taken(u64),
    Again(Option<u64>),
    Refused,
}

fn kind(verdict: &Verdict) -> Kind {
    match verdict {
        Verdict::Taken { rejected, .. } => Kind::Taken(*rejected),
        Verdict::Again { after, .. } => Kind::Again(after.map(|after| after.as_millis() as u64)),
        Verdict::Refused { .. } => Kind::Refused,
    }
}

/// `partial_success { rejected_spans: 3, error_message: "no" }`
const PARTIAL: &[u8] = b"\x0a\x06\x08\x03\x12\x02no";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

#[test]
fn answers_over_http() {
    let rows: &[Row<'_>] = &[
        (200, &[PROTOBUF], b"", Kind::Taken(0)),
        (200, &[], b"", Kind::Taken(0)),
        (202, &[], b"", Kind::Taken(0)),
        (200, &[PROTOBUF], PARTIAL, Kind::Taken(3)),
        (
            200,
            &[("content-type", "application/json")],
            b"{}",
            Kind::Taken(0),
        ),
        (200, &[PROTOBUF], b"<html>", Kind::Refused),
        (
            200,
            &[("content-type", "text/html")],
            b"<html>",
            Kind::Refused,
        ),
        (200, &[], b"hello", Kind::Refused),
        (429, &[("retry-after", "7")], b"", Kind::Again(Some(7000))),
        (
            503,
            &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")],
            b"",
            Kind::Again(None),
        ),
        (502, &[], b"x", Kind::Again(None)),
        (504, &[], b"", Kind::Again(None)),
        (500, &[("retry-after", "7")], b"", Kind::Refused),
        (400, &[], b"", Kind::Refused),
        (401, &[], b"", Kind::Refused),
        (404, &[], b"", Kind::Refused),
        (301, &[], b"", Kind::Refused),
    ];
    for (status, fields, body, expected) in rows {
        let status = StatusCode::from_u16(*status).unwrap();
        let verdict = http(status, &headers(fields), body);
        assert_eq!(kind(&verdict), *expected, "{status} {fields:?} {verdict:?}");
    }
}

#[test]
fn answers_over_grpc() {
    let framed = |message: &[u8]| [&[0, 0, 0, 0, message.len() as u8][..], message].concat();
    let calls: &[Call<'_>] = &[
        (
            200,
            &[],
            &[("grpc-status", "0")],
            framed(b""),
            Kind::Taken(0),
        ),
        (
            200,
            &[],
            &[("grpc-status", "0")],
            framed(PARTIAL),
            Kind::Taken(3),
        ),
        (
            200,
            &[],
            &[("grpc-status", "0")],
            framed(b"<html>"),
            Kind::Refused,
        ),
        (
            200,
            &[("grpc-status", "14")],
            &[],
            vec![],
            Kind::Again(None),
        ),
        (
            200,
            &[],
            &[("grpc-status", "14"), ("grpc-retry-pushback-ms", "250")],
            vec![],
            Kind::Again(Some(250)),
        ),
        (200, &[], &[("grpc-status", "8")], vec![], Kind::Refused),
        (
            200,
            &[],
            &[("grpc-status", "8"), ("grpc-retry-pushback-ms", "9")],
            vec![],
            Kind::Again(Some(9)),
        ),
        (200, &[], &[("grpc-status", "3")], vec![], Kind::Refused),
        (200, &[], &[("grpc-status", "12")], vec![], Kind::Refused),
        (200, &[], &[("grpc-status", "x")], vec![], Kind::Refused),
        (200, &[], &[], vec![], Kind::Refused),
        (
            503,
            &[("retry-after", "2")],
            &[],
            vec![],
            Kind::Again(Some(2000)),
        ),
        (404, &[], &[], vec![], Kind::Refused),
    ];
    for (status, head, trailers, body, expected) in calls {
        let status = StatusCode::from_u16(*status).unwrap();
        let verdict = grpc(status, &headers(head), &headers(trailers), body);
        assert_eq!(
            kind(&verdict),
            *expected,
            "{status} {head:?} {trailers:?} {verdict:?}"
        );
    }
}

#[test]
fn words_of_a_collector_are_cut_and_stay_in_their_line() {
    let words = format!("first\nsecond{}", "x".repeat(5000));
    let verdict = grpc(
        StatusCode::OK,
        &headers(&[]),
        &HeaderMap::from_iter([
            (
                http::HeaderName::from_static("grpc-status"),
                "3".parse().unwrap(),
            ),
            (
                http::HeaderName::from_static("grpc-message"),
                http::HeaderValue::from_bytes(words.replace('\n', "\t").as_bytes()).unwrap(),
            ),
        ]),
        b"",
    );
    let Verdict::Refused { why } = verdict else {
        panic!("{verdict:?}")
    };
    assert!(why.len() < 300 && why.contains("firstsecond"), "{why}");
}
