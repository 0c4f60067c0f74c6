//! What a client refuses, and what it must not.

use super::Outcome::{Connection, Fine, Stream};
use super::*;

#[test]
fn connection_errors() {
    table(
        client,
        vec![
            (
                "§5.1 DATA on an idle stream",
                vec![data(7, 0, b"x")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§5.1 HEADERS on an idle stream",
                vec![headers(7, EH, OK)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§5.1.1 HEADERS on an even stream",
                vec![headers(2, EH, OK)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.5.2 a server with ENABLE_PUSH = 1",
                vec![settings(&[(2, 1)])],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§8.4 PUSH_PROMISE",
                vec![frame(kind::PUSH_PROMISE, EH, 1, b"\0\0\0\x02")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§4.3 a block that is no HPACK",
                vec![headers(1, EH, b"\xff\xff\xff\xff\xff\xff\xff\xff")],
                Connection(Code::COMPRESSION_ERROR),
            ),
        ],
    );
}

#[test]
fn stream_errors() {
    let ok = |stream, flags, length: &str| {
        headers(
            stream,
            flags | EH,
            &[OK, &field("content-length", length)].concat(),
        )
    };
    table(
        client,
        vec![
            (
                "§8.1 DATA before the head",
                vec![data(1, 0, b"x")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1 an interim response that ends the stream",
                vec![headers(1, ES | EH, &field(":status", "103"))],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.6 101",
                vec![headers(1, EH, &field(":status", "101"))],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 more data than was said",
                vec![ok(1, 0, "1"), data(1, 0, b"ab")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 less data than was said",
                vec![ok(1, 0, "2"), data(1, ES, b"a")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 a length and no data",
                vec![ok(1, ES, "2")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 data in answer to HEAD",
                vec![ok(5, 0, "2"), data(5, ES, b"ab")],
                Stream(5, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 data with 204",
                vec![headers(1, EH, b"\x89"), data(1, ES, b"a")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§5.1 DATA after END_STREAM",
                vec![headers(3, ES | EH, OK), data(3, 0, b"x")],
                Stream(3, Code::STREAM_CLOSED),
            ),
            (
                "§8.3 no status",
                vec![headers(1, ES | EH, FIELD)],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1 trailers that do not end it",
                vec![headers(1, EH, OK), headers(1, EH, FIELD)],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
        ],
    );
}

#[test]
fn what_is_fine() {
    let ok = |stream, flags, length: &str| {
        headers(
            stream,
            flags | EH,
            &[OK, &field("content-length", length)].concat(),
        )
    };
    table(
        client,
        vec![
            ("§8.1.1 HEAD, with a length", vec![ok(5, ES, "2")], Fine),
            (
                "§8.1.1 304, with a length",
                vec![headers(
                    1,
                    ES | EH,
                    &[b"\x8b", &*field("content-length", "2")].concat(),
                )],
                Fine,
            ),
            (
                "§8.1 an interim response, then the final one",
                vec![
                    headers(1, EH, &field(":status", "103")),
                    ok(1, 0, "2"),
                    data(1, ES, b"ab"),
                ],
                Fine,
            ),
            (
                "§8.1 empty data at the end of no content",
                vec![headers(1, EH, b"\x89"), data(1, ES, b"")],
                Fine,
            ),
            (
                "§8.1 an answer before the request ended",
                vec![headers(3, ES | EH, OK), rst(3, Code::NO_ERROR)],
                Fine,
            ),
        ],
    );
}

#[test]
fn a_head_above_the_limit_ends_its_stream_alone() {
    let options = Options {
        max_header_list: 1_000,
        ..Options::default()
    };
    let mut session = Session::client(&options);
    session.receive(&settings(&[])).expect("a beginning");
    let fields = HeaderMap::new();
    session
        .open(&request(&Method::GET, &fields), true, 1)
        .expect("there is room");
    drain(&mut session);
    let large = field("x", &"y".repeat(100)).repeat(10);
    let bytes = headers(1, EH, &[OK, &large].concat());
    assert_eq!(
        outcome(&mut session, &bytes),
        Stream(1, Code::ENHANCE_YOUR_CALM)
    );
}
