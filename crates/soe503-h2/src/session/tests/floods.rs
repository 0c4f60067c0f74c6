//! What a hostile peer repeats is bounded; what an honest one does is not.

use bytes::Bytes;
use http::StatusCode;

use super::super::StreamId;
use super::*;

/// Plays turns, the peer reading all answers or none, until the session ends the connection.
fn flood(
    session: &mut Session<u32>,
    reads: bool,
    turns: u32,
    turn: impl Fn(u32) -> Vec<u8>,
) -> (u32, Option<Code>) {
    for n in 0..turns {
        if let Err(violation) = session.receive(&turn(n)) {
            return (n, Some(violation.code));
        }
        while let Some(event) = session.next_event() {
            if let Event::Reset { stream, .. } = event {
                session.forget(stream);
            }
        }
        if reads {
            session.sent(usize::MAX);
        }
    }
    (turns, None)
}

const CALM: Option<Code> = Some(Code::ENHANCE_YOUR_CALM);

#[test]
fn rapid_reset() {
    let turn = |n| [get(2 * n + 1), rst(2 * n + 1, Code::CANCEL)].concat();
    assert_eq!(flood(&mut server(), true, 10_000, turn), (1_000, CALM));
}

#[test]
fn made_you_reset() {
    let turn = |n| [get(2 * n + 1), window_update(2 * n + 1, 0)].concat();
    assert_eq!(flood(&mut server(), true, 10_000, turn), (1_000, CALM));
}

#[test]
fn malformed_requests() {
    let turn = |n| headers(2 * n + 1, ES | EH, b"\x82");
    assert_eq!(flood(&mut server(), true, 10_000, turn), (1_000, CALM));
}

#[test]
fn a_client_that_gives_up_most_requests_but_not_all_goes_on() {
    let mut session = server();
    for n in 0..2_000 {
        let first = 10 * n + 1;
        let turn: Vec<_> = (0..4)
            .map(|k| first + 2 * k)
            .map(|id| [get(id), rst(id, Code::CANCEL)].concat())
            .collect();
        session.receive(&turn.concat()).expect("no violation");
        session.receive(&get(first + 8)).expect("no violation");
        for event in events(&mut session) {
            if let Event::Reset { stream, .. } = event {
                session.forget(stream);
            }
        }
        session.respond(
            StreamId(first + 8),
            StatusCode::OK,
            &HeaderMap::new(),
            None,
            true,
        );
        session.forget(StreamId(first + 8));
        session.sent(usize::MAX);
    }
    assert_eq!(session.streams.len(), 0);
}

#[test]
fn answers_that_began_may_be_given_up_for_ever() {
    let mut session = server();
    for n in 0..3_000 {
        let id = StreamId(2 * n + 1);
        session.receive(&get(id.get())).expect("no violation");
        events(&mut session);
        session.respond(id, StatusCode::OK, &HeaderMap::new(), None, false);
        session
            .receive(&rst(id.get(), Code::CANCEL))
            .expect("no violation");
        events(&mut session);
        session.forget(id);
        session.sent(usize::MAX);
    }
}

#[test]
fn header_blocks_without_end() {
    let long = |n| match n {
        0 => headers(1, 0, GET),
        _ => frame(kind::CONTINUATION, 0, 1, &FIELD.repeat(1_000)),
    };
    let (turns, code) = flood(&mut server(), true, 1_000, long);
    assert_eq!(code, CALM);
    assert!(turns < 30, "{turns}");
    let empty = |n| match n {
        0 => headers(1, 0, GET),
        _ => frame(kind::CONTINUATION, 0, 1, b""),
    };
    let (turns, code) = flood(&mut server(), true, 1_000, empty);
    assert_eq!(code, CALM);
    assert!(turns < 30, "{turns}");
}

#[test]
fn answers_that_nobody_reads() {
    let ping = |_| frame(kind::PING, 0, 0, b"12345678");
    assert_eq!(flood(&mut server(), false, 20_000, ping), (10_000, CALM));
    assert_eq!(flood(&mut server(), true, 20_000, ping), (20_000, None));
    let settings = |_| settings(&[(4, 65_535)]);
    assert_eq!(
        flood(&mut server(), false, 20_000, settings),
        (10_000, CALM)
    );
    assert_eq!(flood(&mut server(), true, 20_000, settings), (20_000, None));
}

#[test]
fn frames_that_lead_to_nothing() {
    type Turn = fn(u32) -> Vec<u8>;
    let rows: [(&str, u32, Turn); 5] = [
        ("PRIORITY", 20_000, |n| {
            frame(kind::PRIORITY, 0, 2 * n + 1, b"\0\0\0\0\x10")
        }),
        ("WINDOW_UPDATE", 20_000, |_| window_update(0, 1)),
        ("unknown", 20_000, |_| frame(0x77, 0, 0, b"x")),
        ("empty DATA", 1_001, |n| {
            if n == 0 { post(1) } else { data(1, 0, b"") }
        }),
        ("PING answers", 20_000, |_| {
            frame(kind::PING, flag::ACK, 0, b"12345678")
        }),
    ];
    for (name, after, turn) in rows {
        assert_eq!(
            flood(&mut server(), true, 30_000, turn),
            (after, CALM),
            "{name}"
        );
    }
}

#[test]
fn window_updates_beside_a_body_go_on_for_ever() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    session.respond(StreamId(1), StatusCode::OK, &HeaderMap::new(), None, false);
    for _ in 0..30_000 {
        session
            .receive(&[window_update(0, 100), window_update(1, 100)].concat())
            .expect("no violation");
        assert!(session.send_data(StreamId(1), &mut Bytes::from(vec![0; 100]), false));
        session.sent(usize::MAX);
    }
}

#[test]
fn a_body_in_tiny_pieces_that_nobody_takes() {
    let options = Options {
        stream_window: 1 << 20,
        ..Options::default()
    };
    let turn = |n| if n == 0 { post(1) } else { data(1, 0, b"x") };
    let (turns, code) = flood(&mut server_with(&options), true, 100_000, turn);
    assert_eq!(code, CALM);
    assert!(turns < 10_100, "{turns}");
    // The same pieces, passed on.
    let mut session = server_with(&options);
    session.receive(&post(1)).expect("no violation");
    for _ in 0..100_000 {
        session.receive(&data(1, 0, b"x")).expect("no violation");
        session.next_event();
        session.release(StreamId(1), 1);
        session.sent(usize::MAX);
    }
}

#[test]
fn streams_that_the_caller_does_not_forget() {
    let mut session = server_with(&Options {
        max_streams: 10,
        ..Options::default()
    });
    let answered = |session: &mut Session<u32>, n: u32| {
        session.receive(&get(2 * n + 1))?;
        session.respond(
            StreamId(2 * n + 1),
            StatusCode::OK,
            &HeaderMap::new(),
            None,
            true,
        );
        Ok::<_, super::super::Violation>(())
    };
    let end = (0..5_000).find_map(|n| {
        answered(&mut session, n)
            .err()
            .map(|violation| (n, violation.code))
    });
    assert_eq!(end, Some((1_010, Code::ENHANCE_YOUR_CALM)));
}
