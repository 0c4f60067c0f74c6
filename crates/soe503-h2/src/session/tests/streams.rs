//! The life of a stream, as the caller sees it.

use bytes::Bytes;
use http::StatusCode;

use super::*;

fn id<T>(session: &mut Session<T>) -> super::super::StreamId {
    match session.next_event() {
        Some(Event::Request { stream, .. }) => stream,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_and_its_answer() {
    let mut session = server();
    let bytes = [
        post(1),
        data(1, flag::PADDED, b"\x02abc\0\0"),
        headers(1, ES | EH, FIELD),
    ];
    session.receive(&bytes.concat()).expect("no violation");
    let stream = id(&mut session);
    assert_eq!(session.insert(stream, 9), None);
    assert_eq!(session.get_mut(stream), Some(&mut 9));
    match session.next_event() {
        Some(Event::Data {
            data, flow, end, ..
        }) => assert_eq!((&*data, flow, end), (&b"abc"[..], 6, false)),
        other => panic!("{other:?}"),
    }
    match session.next_event() {
        Some(Event::Trailers { trailers, .. }) => assert_eq!(trailers["a"], "b"),
        other => panic!("{other:?}"),
    }
    assert!(session.next_event().is_none());

    let fields = HeaderMap::new();
    assert!(session.respond(stream, StatusCode::EARLY_HINTS, &fields, None, false));
    assert!(session.respond(stream, StatusCode::OK, &fields, Some(b"now"), false));
    assert!(
        !session.respond(stream, StatusCode::OK, &fields, None, false),
        "it is answered"
    );
    assert!(session.send_data(stream, &mut Bytes::from_static(b"x"), false));
    session.send_trailers(stream, &fields);
    assert_eq!(session.streams(), 0);
    let out = drain(&mut session);
    let kinds: Vec<_> = out
        .iter()
        .map(|(head, _)| (head.kind, head.flags, head.stream))
        .collect();
    assert_eq!(kinds, [(1, EH, 1), (1, EH, 1), (0, 0, 1), (1, EH | ES, 1)]);
    assert_eq!(session.forget(stream), Some(9));
    assert_eq!(session.get_mut(stream), None);
    assert!(
        session.queued().is_empty(),
        "a stream that ended is not reset"
    );
}

#[test]
fn what_is_sent_to_a_stream_that_is_gone_is_dropped() {
    let mut session = server();
    session.receive(&post(1)).expect("no violation");
    let stream = id(&mut session);
    session.insert(stream, 9);
    session
        .receive(&rst(1, Code::CANCEL))
        .expect("no violation");
    assert!(matches!(
        session.next_event(),
        Some(Event::Reset {
            code: Code::CANCEL,
            by: By::Peer,
            ..
        })
    ));
    let fields = HeaderMap::new();
    assert!(!session.respond(stream, StatusCode::OK, &fields, None, false));
    let mut bytes = Bytes::from_static(b"x");
    assert!(session.send_data(stream, &mut bytes, true));
    assert!(bytes.is_empty());
    session.send_trailers(stream, &fields);
    assert_eq!(session.reset(stream, Code::INTERNAL_ERROR), Some(9));
    assert_eq!(session.insert(stream, 10), Some(10));
    assert!(
        session.queued().is_empty(),
        "RFC 9113 §5.4.2: no answer to RST_STREAM"
    );
}

#[test]
fn what_was_on_its_way_to_a_reset_stream_is_tolerated() {
    let mut session = server();
    session.receive(&post(1)).expect("no violation");
    let stream = id(&mut session);
    session.reset(stream, Code::NO_ERROR);
    assert_eq!(drain(&mut session).len(), 1);
    let late = [
        data(1, 0, b"late"),
        window_update(1, 5),
        headers(1, ES | EH, FIELD),
    ];
    assert_eq!(outcome(&mut session, &late.concat()), Outcome::Fine);
    assert!(session.next_event().is_none());
}

#[test]
fn a_stream_that_is_forgotten_too_early_is_cancelled() {
    let mut session = client();
    session.receive(&headers(1, EH, OK)).expect("no violation");
    let Some(Event::Response { stream, .. }) = session.next_event() else {
        panic!("a response");
    };
    assert_eq!(session.forget(stream), Some(7));
    let out = drain(&mut session);
    assert_eq!(
        (out[0].0.kind, code(&out[0].1, 0)),
        (kind::RST_STREAM, Code::CANCEL)
    );
}

#[test]
fn a_request_given_up_at_once_is_not_told_of() {
    let mut session = server();
    session
        .receive(&[get(1), rst(1, Code::CANCEL), get(3)].concat())
        .expect("no violation");
    assert_eq!(id(&mut session).get(), 3);
    assert!(session.next_event().is_none());
    assert_eq!((session.streams(), session.streams.len()), (1, 1));
}

#[test]
fn streams_above_the_limit_are_refused_and_their_fields_kept_in_step() {
    let options = Options {
        max_streams: 2,
        ..Options::default()
    };
    let mut session = server_with(&options);
    // The third one's authority goes to the table (RFC 7541 §6.2.1), and the fourth refers to it.
    let third = headers(5, ES | EH, b"\x82\x86\x84\x41\x01z");
    session
        .receive(&[get(1), get(3), third].concat())
        .expect("no violation");
    let out = drain(&mut session);
    assert_eq!(
        (out[0].0.stream, code(&out[0].1, 0)),
        (5, Code::REFUSED_STREAM)
    );
    assert_eq!(events(&mut session).len(), 2);
    session
        .receive(&rst(1, Code::CANCEL))
        .expect("no violation");
    session
        .receive(&headers(7, ES | EH, b"\x82\x86\x84\xbe"))
        .expect("no violation");
    let last = events(&mut session).pop();
    let Some(Event::Request { head, .. }) = last else {
        panic!("{last:?}");
    };
    assert_eq!(head.parts.headers["host"], "z");
}

#[test]
fn a_client_opens_as_many_streams_as_it_may() {
    let options = Options {
        assumed_streams: 1,
        ..Options::default()
    };
    let fields = HeaderMap::new();
    let head = request(&Method::GET, &fields);
    let mut session = Session::client(&options);
    assert_eq!(session.max_streams(), 1);
    assert!(session.open(&head, true, 0).is_ok());
    assert_eq!(session.open(&head, true, 1), Err(1));
    session.receive(&settings(&[(3, 2)])).expect("no violation");
    assert!(matches!(session.next_event(), Some(Event::Streams)));
    assert_eq!(session.max_streams(), 2);
    assert!(session.open(&head, true, 2).is_ok());
    assert_eq!(session.open(&head, true, 3), Err(3));
    session
        .receive(&headers(1, ES | EH, OK))
        .expect("no violation");
    assert_eq!(session.streams(), 1);
    assert!(session.open(&head, true, 4).is_ok());
    session.receive(&settings(&[(3, 0)])).expect("no violation");
    assert_eq!((session.accepts(), session.max_streams()), (true, 0));
}

#[test]
fn identifiers_run_out() {
    let mut session = client();
    session.last = 0x7fff_fffd;
    let fields = HeaderMap::new();
    let head = request(&Method::GET, &fields);
    assert_eq!(
        session.open(&head, true, 0).map(|stream| stream.get()),
        Ok(0x7fff_ffff)
    );
    assert!(!session.accepts());
    assert_eq!(session.open(&head, true, 1), Err(1));
}

#[test]
fn a_large_head_is_sent_in_frames_that_the_peer_takes() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    let stream = id(&mut session);
    let mut fields = HeaderMap::new();
    for name in ["a", "b", "c"] {
        fields.insert(name, "x".repeat(15_000).parse().expect("a value"));
    }
    session.respond(stream, StatusCode::OK, &fields, None, true);
    let out = drain(&mut session);
    let kinds: Vec<_> = out
        .iter()
        .map(|(head, _)| (head.kind, head.flags))
        .collect();
    assert_eq!(kinds.first(), Some(&(kind::HEADERS, ES)));
    assert_eq!(kinds.last(), Some(&(kind::CONTINUATION, EH)));
    assert!(out.iter().all(|(head, _)| head.len <= 16_384));
    assert!(out.iter().map(|(head, _)| head.len).sum::<u32>() > 32_768);
}

#[test]
fn what_left_is_known() {
    let mut session = client();
    let before = session.offset();
    let fields = HeaderMap::new();
    session
        .open(&request(&Method::GET, &fields), true, 0)
        .expect("there is room");
    let after = session.offset();
    assert_eq!((after - before) as usize, session.queued().len());
    session.sent(3);
    assert_eq!(session.offset(), after);
    assert_eq!(session.offset() - session.queued().len() as u64, before + 3);
    session.sent(usize::MAX);
    assert!(session.queued().is_empty());
    assert_eq!(session.offset(), after);
}

#[test]
fn an_idle_session_gives_its_buffers_back() {
    let mut session = server();
    session.receive(&get(1)).expect("no violation");
    let stream = id(&mut session);
    session.respond(stream, StatusCode::OK, &HeaderMap::new(), None, false);
    session.send_data(stream, &mut Bytes::from(vec![0; 40_000]), true);
    session.forget(stream);
    assert!(session.out.end().capacity() > 40_000);
    session.sent(usize::MAX);
    assert!(session.next_event().is_none());
    assert_eq!(session.out.capacity(), 0);
    // Tables aside, whose size the peer decides on, within 4 KiB each.
    let own = size_of::<Session<u32>>() + session.events.capacity() * size_of::<Event>();
    assert!(own <= 2_048, "{own}");
}
