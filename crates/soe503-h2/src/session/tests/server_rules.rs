//! What ends a server's connection.

use super::Outcome::{Connection, Fine};
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
