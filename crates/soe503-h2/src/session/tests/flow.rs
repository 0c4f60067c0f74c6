//! Windows, both ways: RFC 9113 §5.2, §6.9.

use bytes::Bytes;
use http::StatusCode;

use super::super::StreamId;
use super::*;

/// A server with GETs whose answers' heads are sent.
fn answering(streams: &[u32]) -> Session<u32> {
    let mut session = server();
    for &stream in streams {
        session.receive(&get(stream)).expect("no violation");
        session.respond(
            StreamId(stream),
            StatusCode::OK,
            &HeaderMap::new(),
            None,
            false,
        );
    }
    events(&mut session);
    drain(&mut session);
    session
}

fn sent(frames: &[(FrameHead, Vec<u8>)], stream: u32) -> usize {
    let data = |head: &FrameHead| head.kind == kind::DATA && head.stream == stream;
    frames
        .iter()
        .filter(|(head, _)| data(head))
        .map(|(head, _)| head.len as usize)
        .sum()
}

fn writable<T>(session: &mut Session<T>) -> Vec<u32> {
    events(session)
        .into_iter()
        .filter_map(|event| match event {
            Event::Writable { stream } => Some(stream.get()),
            _ => None,
        })
        .collect()
}

#[test]
fn sending_stops_at_the_streams_window_and_others_go_on() {
    let mut session = answering(&[1, 3]);
    session
        .receive(&window_update(0, 1 << 20))
        .expect("no violation");
    let mut body = Bytes::from(vec![1; 70_000]);
    assert!(!session.send_data(StreamId(1), &mut body, true));
    let mut left = body.len();
    // Above the soft limit or at the window, whichever is first; here the window after the buffer was emptied.
    let mut out = drain(&mut session);
    while !writable(&mut session).is_empty() {
        session.send_data(StreamId(1), &mut body, true);
        left = body.len();
        out.extend(drain(&mut session));
    }
    assert_eq!((sent(&out, 1), left), (65_535, 70_000 - 65_535));
    assert!(session.send_data(StreamId(3), &mut Bytes::from_static(b"x"), true));
    drain(&mut session);
    session
        .receive(&window_update(1, 4_000))
        .expect("no violation");
    assert_eq!(writable(&mut session), [1]);
    assert_eq!(writable(&mut session), [], "once");
    assert!(!session.send_data(StreamId(1), &mut body, true));
    assert_eq!(sent(&drain(&mut session), 1), 4_000);
    session
        .receive(&settings(&[(4, 65_535 + 1_000)]))
        .expect("no violation");
    assert_eq!(writable(&mut session), [1]);
    assert!(session.send_data(StreamId(1), &mut body, true));
    let out = drain(&mut session);
    assert_eq!(sent(&out, 1), 465);
    assert_eq!(out.last().map(|(head, _)| head.flags), Some(ES));
}

#[test]
fn a_window_may_be_below_zero() {
    let mut session = answering(&[1]);
    assert!(session.send_data(StreamId(1), &mut Bytes::from(vec![0; 1_000]), false));
    session
        .receive(&settings(&[(4, 100)]))
        .expect("no violation");
    drain(&mut session);
    let mut body = Bytes::from_static(b"xy");
    assert!(!session.send_data(StreamId(1), &mut body, true));
    session
        .receive(&window_update(1, 900))
        .expect("no violation");
    assert_eq!(writable(&mut session), [], "it is at 0");
    session.receive(&window_update(1, 1)).expect("no violation");
    assert_eq!(writable(&mut session), [1]);
    assert!(!session.send_data(StreamId(1), &mut body, true));
    assert_eq!(body.len(), 1);
    assert!(
        session.send_data(StreamId(1), &mut Bytes::new(), true),
        "an end needs no window"
    );
}

#[test]
fn the_connections_window_is_shared_in_turn() {
    let mut session = answering(&[1, 3, 5]);
    let mut bodies: Vec<_> = (0..3).map(|_| Bytes::from(vec![0; 60_000])).collect();
    for (body, id) in bodies.iter_mut().zip([1, 3, 5]) {
        session.send_data(StreamId(id), body, true);
    }
    let out = drain(&mut session);
    assert_eq!(sent(&out, 1) + sent(&out, 3) + sent(&out, 5), 65_535);
    assert_eq!(writable(&mut session), []);
    session.receive(&window_update(0, 1)).expect("no violation");
    assert_eq!(writable(&mut session), [3, 5]);
    assert!(!session.send_data(StreamId(3), &mut bodies[1], true));
    assert!(!session.send_data(StreamId(5), &mut bodies[2], true));
    session.receive(&window_update(0, 1)).expect("no violation");
    assert_eq!(writable(&mut session), [3, 5]);
}

#[test]
fn sending_stops_at_the_buffers_limit() {
    let mut session = answering(&[1, 3]);
    session
        .receive(
            &[
                window_update(0, 1 << 20),
                window_update(1, 1 << 20),
                window_update(3, 1 << 20),
            ]
            .concat(),
        )
        .expect("no violation");
    let mut body = Bytes::from(vec![0; 200_000]);
    assert!(!session.send_data(StreamId(1), &mut body, true));
    assert!(!session.send_data(StreamId(3), &mut Bytes::from_static(b"x"), true));
    assert!((65_536..=65_536 + 16_384).contains(&session.queued().len()));
    assert_eq!(writable(&mut session), []);
    session.sent(session.queued().len() - 32_768);
    assert_eq!(writable(&mut session), [], "not yet");
    session.sent(1);
    assert_eq!(writable(&mut session), [1, 3]);
}

#[test]
fn a_stream_that_is_forgotten_leaves_the_ring() {
    let mut session = answering(&[1, 3]);
    session.send_data(StreamId(1), &mut Bytes::from(vec![0; 65_535]), false);
    let mut body = Bytes::from_static(b"x");
    assert!(!session.send_data(StreamId(3), &mut body, true));
    assert_eq!(session.ring.len(), 1);
    session
        .receive(&rst(3, Code::CANCEL))
        .expect("no violation");
    assert_eq!(session.ring.len(), 0);
}

#[test]
fn what_is_released_is_told_from_half_a_window_on() {
    let options = Options {
        stream_window: 100_000,
        connection_window: 200_000,
        ..Options::default()
    };
    let mut session = server_with(&options);
    session.receive(&post(1)).expect("no violation");
    for _ in 0..6 {
        session
            .receive(&data(1, 0, &[0; 16_384]))
            .expect("no violation");
    }
    events(&mut session);
    session.release(StreamId(1), 49_999);
    assert!(session.queued().is_empty());
    session.release(StreamId(1), 1);
    let told = |out: Vec<(FrameHead, Vec<u8>)>| -> Vec<(u32, u32)> {
        out.iter()
            .map(|(head, payload)| (head.stream, code(payload, 0).0))
            .collect()
    };
    assert_eq!(told(drain(&mut session)), [(1, 50_000)]);
    // More than came is not released.
    session.release(StreamId(1), u32::MAX);
    assert_eq!(told(drain(&mut session)), []);
    session
        .receive(&data(1, ES, &[0; 16_384]))
        .expect("no violation");
    // What the caller did not release is released with the stream; to one that ended nothing is told.
    session.reset(StreamId(1), Code::CANCEL);
    let out = told(drain(&mut session));
    assert_eq!(out, [(1, Code::CANCEL.0), (0, 7 * 16_384)]);
    session.release(StreamId(1), 1_000_000);
    assert!(session.queued().is_empty());
}

#[test]
fn data_beyond_a_window() {
    let options = Options {
        stream_window: 20_000,
        ..Options::default()
    };
    let mut session = server_with(&options);
    session.receive(&post(1)).expect("no violation");
    session
        .receive(&data(1, 0, &[0; 16_384]))
        .expect("no violation");
    assert_eq!(
        outcome(&mut session, &data(1, 0, &[0; 3_617])),
        Outcome::Stream(1, Code::FLOW_CONTROL_ERROR)
    );

    let options = Options {
        stream_window: 1 << 20,
        connection_window: 0,
        ..Options::default()
    };
    let mut session = server_with(&options);
    session.receive(&post(1)).expect("no violation");
    for _ in 0..3 {
        session
            .receive(&data(1, 0, &[0; 16_384]))
            .expect("no violation");
    }
    assert_eq!(
        outcome(&mut session, &data(1, 0, &[0; 16_383])),
        Outcome::Fine
    );
    assert_eq!(
        outcome(&mut session, &data(1, 0, &[0; 1])),
        Outcome::Connection(Code::FLOW_CONTROL_ERROR)
    );
}

#[test]
fn a_small_window_holds_from_its_acknowledgement_on() {
    let options = Options {
        stream_window: 10,
        ..Options::default()
    };
    let mut session = Session::<u32>::server(&options);
    let early = [
        PREFACE.to_vec(),
        settings(&[]),
        post(1),
        data(1, 0, &[0; 1_000]),
    ];
    session
        .receive(&early.concat())
        .expect("the client cannot know yet");
    drain(&mut session);
    session
        .receive(&[frame(kind::SETTINGS, flag::ACK, 0, b""), post(3)].concat())
        .expect("no violation");
    assert_eq!(
        outcome(&mut session, &data(3, 0, &[0; 11])),
        Outcome::Stream(3, Code::FLOW_CONTROL_ERROR)
    );
    assert_eq!(
        outcome(&mut session, &data(1, 0, &[0; 1])),
        Outcome::Stream(1, Code::FLOW_CONTROL_ERROR)
    );
}

#[test]
fn padding_alone_is_released_at_once() {
    let options = Options {
        stream_window: 400,
        connection_window: 0,
        ..Options::default()
    };
    let mut session = server_with(&options);
    session.receive(&post(1)).expect("no violation");
    let padding = data(1, flag::PADDED, &[&[199][..], &[0; 199]].concat());
    for _ in 0..100 {
        session.receive(&padding).expect("no violation");
    }
    assert_eq!(events(&mut session).len(), 1);
    assert_eq!(
        drain(&mut session)
            .iter()
            .filter(|(head, _)| head.stream == 1)
            .count(),
        100
    );
}
