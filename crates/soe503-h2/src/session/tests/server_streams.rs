//! What ends a stream of a server's and not its connection, and what is fine.

use super::Outcome::{Connection, Fine, Stream};
use super::*;

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
