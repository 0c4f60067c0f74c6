//! Hostile bytes: no panic, and no memory beyond what they are.

use http::StatusCode;
use proptest::prelude::*;

use super::super::StreamId;
use super::cut::any_frame;
use super::*;

/// What a careless caller does.
fn act(session: &mut Session<u32>, act: u8, id: u32) {
    let stream = StreamId(id);
    let fields = HeaderMap::new();
    match act {
        0 => drop(session.respond(stream, StatusCode::OK, &fields, None, id == 3)),
        1 => drop(session.send_data(stream, &mut bytes::Bytes::from(vec![0; 30_000]), id == 5)),
        2 => session.send_trailers(stream, &fields),
        3 => drop(session.reset(stream, Code::CANCEL)),
        4 => drop(session.forget(stream)),
        5 => session.release(stream, id * 1_000),
        6 => session.shutdown(),
        7 => drop(session.open(&request(&Method::GET, &fields), id == 1, 1)),
        8 => session.sent(id as usize * 100),
        9 => drop(session.insert(stream, id)),
        _ => drop(session.next_event()),
    }
}

fn bounded(session: &Session<u32>, came: usize) {
    let streams = session.streams.len();
    assert!(streams <= came / 9 + 3);
    assert!(session.streams() <= streams);
    assert!(session.events.len() <= came / 9 + 3);
    assert!(session.ring.len() <= streams);
    // Each frame that came is answered by one of 17 bytes at most, a request above the limit by two; 400 bytes are the beginning.
    assert!(session.queued().len() <= came * 8 + 40 * 50_000 + 400);
}

proptest! {
    #[test]
    fn frames(frames in prop::collection::vec((any_frame(), 0..14_u8, 0..9_u32), 0..40), at_server in any::<bool>()) {
        let mut session = if at_server { server() } else { client() };
        let mut came = 0;
        for (frame, what, id) in frames {
            came += frame.len();
            let result = session.receive(&frame);
            act(&mut session, what, id);
            bounded(&session, came);
            if result.is_err() {
                prop_assert!(session.is_over());
            }
        }
        while session.next_event().is_some() {}
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 0..2_000), at_server in any::<bool>()) {
        let mut session = if at_server { server() } else { client() };
        for piece in bytes.chunks(50) {
            let _ = session.receive(piece);
        }
        while session.next_event().is_some() {}
    }
}
