//! What a server refuses, and what it must not.

use super::Outcome::{Connection, Fine, Stream};
use super::*;

#[test]
fn connection_errors() {
    let closed = vec![get(1), rst(1, Code::CANCEL)];
    let with = |mut frames: Vec<Vec<u8>>, last: Vec<u8>| {
        frames.push(last);
        frames
    };
    table(
        server,
        vec![
            (
                "§4.2 a frame above the limit",
                vec![data(1, 0, &[0; 16_385])[..9].to_vec()],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§4.3 a block that is no HPACK",
                vec![headers(1, EH, b"\xff\xff\xff\xff\xff\xff\xff\xff")],
                Connection(Code::COMPRESSION_ERROR),
            ),
            (
                "§5.1 DATA on an idle stream",
                vec![data(1, 0, b"x")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§5.1 WINDOW_UPDATE on an idle stream",
                vec![window_update(1, 1)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§5.1 HEADERS on a stream that was passed over",
                vec![post(5), get(3)],
                Connection(Code::STREAM_CLOSED),
            ),
            (
                "§5.1.1 an even stream",
                vec![get(2)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.1 DATA on stream 0",
                vec![data(0, 0, b"x")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.1 padding as long as the frame",
                vec![post(1), data(1, flag::PADDED, b"\x01")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.1 no padding length",
                vec![post(1), data(1, flag::PADDED, b"")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.2 HEADERS on stream 0",
                vec![get(0)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.2 padding longer than its frame",
                vec![headers(1, EH | flag::PADDED, b"\xff\x82")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.2 half a priority",
                vec![headers(1, EH | flag::PRIORITY, b"\0\0\0\0")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.3 PRIORITY on stream 0",
                vec![frame(kind::PRIORITY, 0, 0, b"\0\0\0\0\0")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.4 RST_STREAM on stream 0",
                vec![rst(0, Code::CANCEL)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.4 RST_STREAM on an idle stream",
                vec![rst(1, Code::CANCEL)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.4 RST_STREAM of 3 bytes",
                vec![post(1), frame(kind::RST_STREAM, 0, 1, b"\0\0\0")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.5 SETTINGS on a stream",
                vec![frame(kind::SETTINGS, 0, 1, b"")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.5 SETTINGS of 5 bytes",
                vec![frame(kind::SETTINGS, 0, 0, b"xxxxx")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.5 an acknowledgement with content",
                vec![frame(kind::SETTINGS, flag::ACK, 0, b"xxxxxx")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.5.2 ENABLE_PUSH = 2",
                vec![settings(&[(2, 2)])],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.5.2 a window of 2^31",
                vec![settings(&[(4, 1 << 31)])],
                Connection(Code::FLOW_CONTROL_ERROR),
            ),
            (
                "§6.5.2 frames of 16,383",
                vec![settings(&[(5, 16_383)])],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.5.2 frames of 2^24",
                vec![settings(&[(5, 1 << 24)])],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.6 PUSH_PROMISE by a client",
                vec![post(1), frame(kind::PUSH_PROMISE, EH, 1, b"\0\0\0\x02")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.7 PING on a stream",
                vec![frame(kind::PING, 0, 1, b"12345678")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.7 PING of 7 bytes",
                vec![frame(kind::PING, 0, 0, b"1234567")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.8 GOAWAY on a stream",
                vec![frame(kind::GOAWAY, 0, 1, &[0; 8])],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.8 GOAWAY of 7 bytes",
                vec![frame(kind::GOAWAY, 0, 0, &[0; 7])],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.9 the connection's window grows by 0",
                vec![window_update(0, 0)],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.9 WINDOW_UPDATE of 5 bytes",
                vec![frame(kind::WINDOW_UPDATE, 0, 0, b"12345")],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.9.1 the connection's window above 2^31 - 1",
                vec![window_update(0, 0x7fff_ffff)],
                Connection(Code::FLOW_CONTROL_ERROR),
            ),
            (
                "§6.9.2 a stream's window above it by SETTINGS",
                vec![
                    post(1),
                    window_update(1, 0x7fff_0000),
                    settings(&[(4, 70_000)]),
                ],
                Connection(Code::FLOW_CONTROL_ERROR),
            ),
            (
                "§6.10 CONTINUATION of nothing",
                vec![frame(kind::CONTINUATION, EH, 1, b"")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.10 another frame in between",
                vec![headers(1, 0, GET), frame(kind::PING, 0, 0, b"12345678")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.10 an unknown frame in between",
                vec![headers(1, 0, GET), frame(0x77, 0, 0, b"")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§6.10 CONTINUATION of another stream",
                vec![headers(1, 0, GET), frame(kind::CONTINUATION, EH, 3, b"")],
                Connection(Code::PROTOCOL_ERROR),
            ),
            (
                "§3.4 a second preface",
                vec![PREFACE.to_vec()],
                Connection(Code::FRAME_SIZE_ERROR),
            ),
            (
                "§5.1 frames that were on their way to a reset stream",
                with(closed, data(1, 0, b"x")),
                Fine,
            ),
        ],
    );
}

#[test]
fn stream_errors() {
    let length = |length: &str| headers(1, EH, &[POST, &field("content-length", length)].concat());
    table(
        server,
        vec![
            (
                "§5.1 DATA after END_STREAM",
                vec![get(1), data(1, 0, b"x")],
                Stream(1, Code::STREAM_CLOSED),
            ),
            (
                "§5.1 HEADERS after END_STREAM",
                vec![get(1), get(1)],
                Stream(1, Code::STREAM_CLOSED),
            ),
            (
                "§6.3 PRIORITY of 4 bytes",
                vec![post(1), frame(kind::PRIORITY, 0, 1, b"\0\0\0\0")],
                Stream(1, Code::FRAME_SIZE_ERROR),
            ),
            (
                "§6.9 a stream's window grows by 0",
                vec![post(1), window_update(1, 0)],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§6.9.1 a stream's window above 2^31 - 1",
                vec![post(1), window_update(1, 0x7fff_ffff)],
                Stream(1, Code::FLOW_CONTROL_ERROR),
            ),
            (
                "§8.1 a second head that does not end it",
                vec![post(1), headers(1, EH, FIELD)],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 more data than was said",
                vec![length("2"), data(1, 0, b"abc")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 less data than was said",
                vec![length("2"), data(1, ES, b"a")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 less data, then trailers",
                vec![length("2"), data(1, 0, b"a"), headers(1, ES | EH, FIELD)],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1.1 a length and no data",
                vec![headers(
                    1,
                    ES | EH,
                    &[GET, &field("content-length", "1")].concat(),
                )],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.2.1 an upper-case name",
                vec![headers(1, ES | EH, &[GET, &field("A", "b")].concat())],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.3 no method",
                vec![headers(1, ES | EH, &GET[1..])],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
            (
                "§8.1 a pseudo-field in trailers",
                vec![post(1), headers(1, ES | EH, b"\x82")],
                Stream(1, Code::PROTOCOL_ERROR),
            ),
        ],
    );
}

#[test]
fn what_is_fine() {
    let length = headers(1, EH, &[POST, &field("content-length", "2")].concat());
    table(
        server,
        vec![
            (
                "a request, its data, its trailers",
                vec![length, data(1, 0, b"ab"), headers(1, ES | EH, FIELD)],
                Fine,
            ),
            (
                "§6.10 a block in pieces",
                vec![
                    headers(1, ES, &GET[..2]),
                    frame(kind::CONTINUATION, 0, 1, b""),
                    frame(kind::CONTINUATION, EH, 1, &GET[2..]),
                ],
                Fine,
            ),
            (
                "§6.2 a padded, prioritized head",
                vec![headers(
                    1,
                    ES | EH | flag::PADDED | flag::PRIORITY,
                    &[b"\x02\0\0\0\0\0", GET, b"\0\0"].concat(),
                )],
                Fine,
            ),
            (
                "§5.3.1 a stream that depends on itself",
                vec![frame(kind::PRIORITY, 0, 1, b"\0\0\0\x01\0"), get(1)],
                Fine,
            ),
            (
                "§4.1 an unknown frame",
                vec![frame(0x77, 0xff, 0, &[0; 100]), get(1)],
                Fine,
            ),
            (
                "§6.5 an unknown setting",
                vec![settings(&[(0xabcd, 1)]), get(1)],
                Fine,
            ),
            (
                "§5.1 RST_STREAM of a closed stream",
                vec![get(1), rst(1, Code::CANCEL), rst(1, Code::CANCEL)],
                Fine,
            ),
            (
                "§5.1 WINDOW_UPDATE of a closed stream",
                vec![get(1), rst(1, Code::CANCEL), window_update(1, 0)],
                Fine,
            ),
            (
                "§6.5.2 ENABLE_PUSH = 1, of which no use is made",
                vec![settings(&[(2, 1)]), get(1)],
                Fine,
            ),
        ],
    );
}

#[test]
fn the_beginning() {
    let rows: [(&str, Vec<u8>, Outcome); 5] = [
        (
            "§3.4 HTTP/1",
            b"GET / HTTP/1.1\r\n".to_vec(),
            Connection(Code::PROTOCOL_ERROR),
        ),
        (
            "§3.4 one wrong byte is enough",
            b"PRX".to_vec(),
            Connection(Code::PROTOCOL_ERROR),
        ),
        (
            "§3.4 no SETTINGS first",
            [PREFACE.to_vec(), get(1)].concat(),
            Connection(Code::PROTOCOL_ERROR),
        ),
        (
            "§3.4 an acknowledgement first",
            [PREFACE.to_vec(), frame(kind::SETTINGS, flag::ACK, 0, b"")].concat(),
            Connection(Code::PROTOCOL_ERROR),
        ),
        ("§3.4 as it should be", [hello(), get(1)].concat(), Fine),
    ];
    for (name, bytes, want) in rows {
        let mut session = Session::server(&Options::default());
        drain(&mut session);
        assert_eq!(outcome(&mut session, &bytes), want, "{name}");
    }
}

#[test]
fn a_head_above_the_limit_is_answered_with_431() {
    let options = Options {
        max_header_list: 1_000,
        ..Options::default()
    };
    let large = field("x", &"y".repeat(100)).repeat(10);
    for end in [true, false] {
        let mut session = server_with(&options);
        let flags = EH | if end { ES } else { 0 };
        session
            .receive(&headers(1, flags, &[POST, &large].concat()))
            .expect("no violation");
        let out = drain(&mut session);
        assert_eq!((out[0].0.kind, out[0].0.flags), (kind::HEADERS, ES | EH));
        assert_eq!(out.len(), if end { 1 } else { 2 });
        if !end {
            assert_eq!(
                (out[1].0.kind, code(&out[1].1, 0)),
                (kind::RST_STREAM, Code::NO_ERROR)
            );
            session
                .receive(&data(1, ES, b"late"))
                .expect("it was on its way");
        }
        assert!(session.next_event().is_none());
        session.receive(&get(3)).expect("the next one is served");
        assert!(matches!(session.next_event(), Some(Event::Request { .. })));
    }
}
