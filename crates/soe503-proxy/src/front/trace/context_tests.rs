use http::{HeaderName, HeaderValue};

use super::*;
use Propagator::{B3, B3Multi, TraceContext};

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const LOW: u128 = 0xa3ce_929d_0e0e_4736;
const SPAN: u64 = 0x00f0_67aa_0ba9_02b7;

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        map.append(HeaderName::from_static(name), value);
    }
    map
}

fn extract(format: Propagator, fields: &[(&'static str, &str)]) -> Option<Context> {
    Context::extract(&headers(fields), Propagators::new([format])).map(|(context, _)| context)
}

fn is(trace: u128, decision: Decision) -> Option<Context> {
    let ids = (TraceId::new(trace).unwrap(), SpanId::new(SPAN).unwrap());
    Some(Context {
        ids: Some(ids),
        decision,
    })
}

const fn only(decision: Decision) -> Option<Context> {
    Some(Context {
        ids: None,
        decision,
    })
}

#[test]
fn traceparent_in() {
    for (value, context) in [
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            is(TRACE, Decision::Yes),
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            is(TRACE, Decision::No),
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02",
            is(TRACE, Decision::No),
        ),
        (
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            is(TRACE, Decision::Yes),
        ),
        (
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            None,
        ),
        (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            None,
        ),
        (
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            None,
        ),
        ("", None),
    ] {
        assert_eq!(
            extract(TraceContext, &[("traceparent", value)]),
            context,
            "{value}"
        );
    }
    let twice = (
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    );
    assert_eq!(extract(TraceContext, &[twice, twice]), None);
}

#[test]
fn b3_in() {
    for (value, context) in [
        (
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            is(TRACE, Decision::Yes),
        ),
        (
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            is(TRACE, Decision::No),
        ),
        (
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-d",
            is(TRACE, Decision::Debug),
        ),
        (
            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            is(TRACE, Decision::Deferred),
        ),
        (
            "a3ce929d0e0e4736-00f067aa0ba902b7-1-05e3ac9a4f6e3b90",
            is(LOW, Decision::Yes),
        ),
        ("0", only(Decision::No)),
        ("1", only(Decision::Yes)),
        ("d", only(Decision::Debug)),
        ("", None),
        ("2", None),
        ("-", None),
        ("a3ce929d0e0e4736", None),
        ("a3ce929d0e0e4736-00f067aa0ba902b7-x", None),
        ("a3ce929d0e0e4736-00f067aa0ba902b7-1-", None),
        (
            "a3ce929d0e0e4736-00f067aa0ba902b7-1-05e3ac9a4f6e3b90-1",
            None,
        ),
        ("A3CE929D0E0E4736-00f067aa0ba902b7-1", None),
        ("0000000000000000-00f067aa0ba902b7-1", None),
        ("a3ce929d0e0e4736-0000000000000000-1", None),
        ("a3ce929d0e0e473-00f067aa0ba902b7-1", None),
        ("+3ce929d0e0e4736-00f067aa0ba902b7-1", None),
        (
            "4bf92f3577b34da6a3ce929d0e0e47364bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            None,
        ),
        ("\u{e9}", None),
    ] {
        assert_eq!(extract(B3, &[("b3", value)]), context, "{value}");
    }
    assert_eq!(
        extract(B3, &[("b3", "1"), ("b3", "1")]),
        None,
        "two are none"
    );
}

#[test]
fn b3_in_many_fields() {
    let trace = ("x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736");
    let span = ("x-b3-spanid", "00f067aa0ba902b7");
    for (fields, context) in [
        (
            vec![trace, span, ("x-b3-sampled", "1")],
            is(TRACE, Decision::Yes),
        ),
        (
            vec![trace, span, ("x-b3-sampled", "0")],
            is(TRACE, Decision::No),
        ),
        (
            vec![trace, span, ("x-b3-sampled", "true")],
            is(TRACE, Decision::Yes),
        ),
        (
            vec![trace, span, ("x-b3-flags", "1")],
            is(TRACE, Decision::Debug),
        ),
        (
            vec![trace, span, ("x-b3-sampled", "0"), ("x-b3-flags", "1")],
            is(TRACE, Decision::Debug),
        ),
        (vec![trace, span], is(TRACE, Decision::Deferred)),
        (
            vec![("x-b3-traceid", "a3ce929d0e0e4736"), span],
            is(LOW, Decision::Deferred),
        ),
        (vec![trace, ("x-b3-sampled", "0")], only(Decision::No)),
        (vec![("x-b3-sampled", "0")], only(Decision::No)),
        (vec![trace], None),
        (
            vec![("x-b3-traceid", "nonsense"), span, ("x-b3-sampled", "1")],
            None,
        ),
        (vec![trace, span, span, ("x-b3-sampled", "maybe")], None),
        (vec![], None),
    ] {
        assert_eq!(extract(B3Multi, &fields), context, "{fields:?}");
    }
}

#[test]
fn the_first_format_that_is_valid_counts() {
    let both = headers(&[
        ("traceparent", "00-nonsense"),
        ("b3", "a3ce929d0e0e4736-00f067aa0ba902b7-1"),
    ]);
    let found = Context::extract(&both, Propagators::new([TraceContext, B3]));
    assert_eq!(found.map(|(_, format)| format), Some(B3));
    assert_eq!(Context::extract(&both, Propagators::new([])), None);
}

#[test]
fn out_in_every_format_what_comes_in_again() {
    for decision in [Decision::No, Decision::Yes, Decision::Debug] {
        for format in [TraceContext, B3, B3Multi] {
            let told = Told {
                trace: TraceId::new(TRACE).unwrap(),
                span: SpanId::new(SPAN).unwrap(),
                decision,
            };
            // Over what somebody else has said.
            let mut map = headers(&[
                ("traceparent", "x"),
                ("traceparent", "y"),
                ("b3", "0"),
                ("x-b3-flags", "1"),
                ("x-b3-parentspanid", "05e3ac9a4f6e3b90"),
            ]);
            told.inject(&mut map, Propagators::new([format]));
            let (again, _) = Context::extract(&map, Propagators::new([format])).unwrap();
            let expected = match (format, decision) {
                (TraceContext, Decision::Debug) => Decision::Yes,
                (_, decision) => decision,
            };
            assert_eq!(Some(again), is(TRACE, expected), "{format:?} {map:?}");
            if format == B3Multi {
                assert!(!map.contains_key("x-b3-parentspanid"));
            }
        }
    }
}

#[test]
fn what_is_cleared_and_what_stays() {
    let all = [
        ("traceparent", "x"),
        ("tracestate", "a=b"),
        ("b3", "0"),
        ("x-b3-traceid", "x"),
        ("x-b3-sampled", "1"),
    ];
    for (of, valid, left) in [
        (vec![TraceContext, B3, B3Multi], None, vec![]),
        (
            vec![TraceContext, B3, B3Multi],
            Some(TraceContext),
            vec!["tracestate"],
        ),
        (vec![TraceContext, B3, B3Multi], Some(B3), vec![]),
        (
            vec![B3],
            None,
            vec!["traceparent", "tracestate", "x-b3-traceid", "x-b3-sampled"],
        ),
        (
            vec![],
            None,
            vec![
                "traceparent",
                "tracestate",
                "b3",
                "x-b3-traceid",
                "x-b3-sampled",
            ],
        ),
    ] {
        let mut map = headers(&all);
        clear(&mut map, Propagators::new(of.clone()), valid);
        let mut names: Vec<_> = map.keys().map(HeaderName::as_str).collect();
        let mut left = left;
        names.sort_unstable();
        left.sort_unstable();
        assert_eq!(names, left, "{of:?} {valid:?}");
    }
}
