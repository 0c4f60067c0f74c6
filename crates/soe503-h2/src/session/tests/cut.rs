//! The outcome never depends on how bytes are cut into reads.

use proptest::prelude::*;

use super::*;

/// Frames that mostly fit together, and some that do not.
pub(super) fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let id = prop_oneof![8 => prop::sample::select(vec![1_u32, 3, 5, 7]), 1 => 0..12_u32];
    let flags = prop::sample::select(vec![0_u8, 0, ES, EH, ES | EH, ES | EH, flag::PADDED, 0xff]);
    let block = prop::sample::select(vec![GET, POST, OK, FIELD, b"\x40\x01c\x01d", b"\xbe"]);
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        4 => (id.clone(), flags.clone(), block).prop_map(|(id, flags, block)| headers(id, flags | EH, block)),
        1 => (id.clone(), flags.clone(), bytes.clone()).prop_map(|(id, flags, bytes)| headers(id, flags, &bytes)),
        4 => (id.clone(), prop::bool::weighted(0.2), bytes.clone()).prop_map(|(id, end, bytes)| data(id, u8::from(end), &bytes)),
        1 => (id.clone(), flags.clone(), bytes.clone()).prop_map(|(id, flags, bytes)| data(id, flags, &bytes)),
        1 => (id.clone(), 0..0x8000_0000_u32).prop_map(|(id, more)| window_update(id, more)),
        1 => (id.clone(), any::<u32>()).prop_map(|(id, code)| rst(id, Code(code))),
        1 => prop::collection::vec((0..8_u16, 0..200_000_u32), 0..4).prop_map(|pairs| settings(&pairs)),
        1 => any::<[u8; 8]>().prop_map(|payload| frame(kind::PING, 0, 0, &payload)),
        1 => (0..12_u8, flags, id, bytes).prop_map(|(kind, flags, id, bytes)| frame(kind, flags, id, &bytes)),
    ]
}

/// All that can be seen from outside.
fn seen(session: &mut Session<u32>, result: Result<(), super::super::Violation>) -> String {
    let events = events(session);
    format!(
        "{result:?} {events:?} {:?} {}",
        session.queued(),
        session.streams()
    )
}

proptest! {
    #[test]
    fn of_no_consequence(frames in prop::collection::vec(any_frame(), 0..20), cuts in prop::collection::vec(1..60_usize, 1..8), at_server in any::<bool>()) {
        let make = if at_server { server } else { client };
        let bytes = frames.concat();
        let mut whole = make();
        let result = whole.receive(&bytes);
        let mut cut = make();
        let mut rest = &bytes[..];
        let mut last = Ok(());
        for len in cuts.iter().cycle() {
            let (now, later) = rest.split_at((*len).min(rest.len()));
            last = cut.receive(now);
            rest = later;
            if rest.is_empty() || last.is_err() {
                break;
            }
        }
        prop_assert_eq!(seen(&mut whole, result), seen(&mut cut, last));
    }

    #[test]
    fn of_no_consequence_at_the_beginning(len in 1..30_usize, wrong in prop::option::of(0..24_usize)) {
        let mut bytes = [hello(), get(1)].concat();
        if let Some(at) = wrong {
            bytes[at] ^= 1;
        }
        let mut whole = Session::<u32>::server(&Options::default());
        let result = whole.receive(&bytes);
        let mut cut = Session::<u32>::server(&Options::default());
        let last = bytes.chunks(len).map(|piece| cut.receive(piece)).find(Result::is_err).unwrap_or(Ok(()));
        prop_assert_eq!(result.is_err(), wrong.is_some());
        prop_assert_eq!(seen(&mut whole, result), seen(&mut cut, last));
    }
}

#[test]
fn a_frame_in_many_reads_is_kept_in_a_buffer_of_its_size() {
    let mut session = server();
    session.receive(&post(1)).expect("no violation");
    let bytes = data(1, ES, &vec![7; 16_384]);
    for byte in bytes.chunks(1) {
        session.receive(byte).expect("no violation");
    }
    let last = events(&mut session).pop();
    let Some(Event::Data {
        data, end: true, ..
    }) = last
    else {
        panic!("{last:?}");
    };
    assert_eq!(data, vec![7; 16_384]);
}
