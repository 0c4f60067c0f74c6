//! GOAWAY, both ways.

use http::StatusCode;

use super::super::StreamId;
use super::*;

fn away(last: u32, code: Code) -> Vec<u8> {
    frame(
        kind::GOAWAY,
        0,
        0,
        &[last.to_be_bytes(), code.0.to_be_bytes()].concat(),
    )
}

fn told(out: &[(FrameHead, Vec<u8>)]) -> Vec<(u32, Code)> {
    let away = |(head, _): &&(FrameHead, Vec<u8>)| head.kind == kind::GOAWAY;
    out.iter()
        .filter(away)
        .map(|(_, payload)| (code(payload, 0).0, code(payload, 4)))
        .collect()
}

#[test]
fn a_server_takes_what_was_on_its_way_and_then_no_more() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    session.shutdown();
    session.shutdown();
    let out = drain(&mut session);
    assert_eq!(told(&out), [(0x7fff_ffff, Code::NO_ERROR)]);
    let (_, payload) = out
        .iter()
        .find(|(head, _)| head.kind == kind::PING)
        .expect("a PING goes with it");
    session.receive(&get(3)).expect("it was on its way");
    assert_eq!(events(&mut session).len(), 2);
    session
        .receive(&frame(kind::PING, flag::ACK, 0, payload))
        .expect("no violation");
    assert_eq!(told(&drain(&mut session)), [(3, Code::NO_ERROR)]);
    assert!(session.next_event().is_none());
    let late = [post(5), data(5, ES, b"x"), rst(5, Code::CANCEL)];
    assert_eq!(outcome(&mut session, &late.concat()), Outcome::Fine);
    assert!(
        session.next_event().is_none(),
        "RFC 9113 §6.8: it is ignored"
    );
    for id in [1, 3] {
        assert!(!session.is_over());
        session.respond(StreamId(id), StatusCode::OK, &HeaderMap::new(), None, true);
    }
    assert!(session.is_over());
}

#[test]
fn a_server_without_streams_is_not_over_before_the_answer() {
    let mut session = server();
    session.shutdown();
    assert!(!session.is_over());
    let out = drain(&mut session);
    session
        .receive(&frame(kind::PING, flag::ACK, 0, &out[1].1))
        .expect("no violation");
    assert!(session.is_over());
}

#[test]
fn a_server_may_go_at_once() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    session.shutdown();
    session.go_away(Code::ENHANCE_YOUR_CALM);
    assert_eq!(
        told(&drain(&mut session)),
        [(0x7fff_ffff, Code::NO_ERROR), (1, Code::ENHANCE_YOUR_CALM)]
    );
}

#[test]
fn a_client_learns_which_streams_were_not_touched() {
    let mut session = client();
    session.receive(&headers(1, EH, OK)).expect("no violation");
    events(&mut session);
    session
        .receive(&away(0x7fff_ffff, Code::NO_ERROR))
        .expect("no violation");
    assert!(matches!(
        events(&mut session)[..],
        [Event::GoAway {
            code: Code::NO_ERROR,
            ..
        }]
    ));
    assert!(!session.accepts());
    session
        .receive(&away(3, Code::ENHANCE_YOUR_CALM))
        .expect("no violation");
    let rest = events(&mut session);
    let [Event::GoAway { .. }, Event::Reset { stream, code, by }] = &rest[..] else {
        panic!("{rest:?}");
    };
    assert_eq!(
        (stream.get(), *code, *by),
        (5, Code::ENHANCE_YOUR_CALM, By::GoAway)
    );
    assert_eq!(session.forget(StreamId(5)), Some(7));
    assert!(drain(&mut session).is_empty(), "nothing is said of it");
    assert_eq!(session.streams(), 2);
    session
        .receive(&[data(1, ES, b"x"), headers(3, ES | EH, OK)].concat())
        .expect("the others go on");
    assert!(!session.is_over());
    session.reset(StreamId(3), Code::CANCEL);
    assert!(session.is_over());
}

#[test]
fn a_client_goes() {
    let mut session = client();
    session.shutdown();
    assert_eq!(told(&drain(&mut session)), [(0, Code::NO_ERROR)]);
    let fields = HeaderMap::new();
    assert_eq!(
        session.open(&request(&Method::GET, &fields), true, 1),
        Err(1)
    );
    session
        .receive(&headers(1, ES | EH, OK))
        .expect("no violation");
    assert_eq!(events(&mut session).len(), 1);
}

#[test]
fn nothing_goes_on_after_a_violation() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    assert_eq!(
        outcome(&mut session, &get(2)),
        Outcome::Connection(Code::PROTOCOL_ERROR)
    );
    assert!(!session.respond(StreamId(1), StatusCode::OK, &HeaderMap::new(), None, true));
    session.go_away(Code::NO_ERROR);
    session.shutdown();
    assert!(session.queued().is_empty());
    assert_eq!(
        (
            session.streams(),
            session.forget(StreamId(1)),
            session.streams()
        ),
        (0, None, 0)
    );
}
