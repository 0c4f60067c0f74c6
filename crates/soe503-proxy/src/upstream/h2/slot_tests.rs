use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake};

use soe503_core::ledger::Http2Fault;

use super::*;

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn bytes(next: Next) -> Bytes {
    match next {
        Next::Data(piece) => piece.data,
        other => panic!("{other:?}"),
    }
}

const RESET: Fault = Fault::Http2(Http2Fault::Reset(2));

#[test]
fn a_body_is_given_in_the_order_in_which_it_came_and_then_its_end() {
    let mut slot = Slot::new();
    for piece in ["a", "b", "c"] {
        slot.data(Bytes::from(piece), 1, false);
    }
    assert_eq!(bytes(slot.take(None)), "a");
    slot.data(Bytes::from("d"), 1, false);
    slot.data(Bytes::new(), 0, true);
    for piece in ["b", "c", "d"] {
        assert!(!slot.is_read());
        assert_eq!(bytes(slot.take(None)), piece);
    }
    assert!(slot.is_read());
    assert!(matches!(slot.take(None), Next::End));
}

#[test]
fn what_came_before_a_fault_is_given_first_and_an_end_is_one_whatever_follows() {
    let mut slot = Slot::new();
    slot.data(Bytes::from("a"), 1, false);
    slot.broken(RESET);
    assert_eq!(bytes(slot.take(None)), "a");
    assert!(matches!(
        slot.take(Some(&Fault::Closed)),
        Next::Broken(RESET)
    ));

    let mut slot = Slot::new();
    slot.trailers(HeaderMap::new());
    slot.broken(RESET);
    assert!(matches!(slot.take(Some(&Fault::Closed)), Next::Trailers(_)));
    assert!(matches!(slot.take(Some(&Fault::Closed)), Next::End));

    let mut slot = Slot::new();
    assert!(matches!(slot.take(None), Next::Wait));
    let ended = slot.take(Some(&Fault::Closed));
    assert!(matches!(ended, Next::Broken(Fault::Closed)));
}

#[test]
fn room_to_send_is_the_uploads_and_before_the_answer_the_readers() {
    let (reader, writer) = (Arc::<Counter>::default(), Arc::<Counter>::default());
    let (r, w) = (reader.clone().into(), writer.clone().into());
    let mut slot = Slot::new();
    slot.wait(&Context::from_waker(&r));
    slot.writable().unwrap().wake();
    slot.wait(&Context::from_waker(&r));
    slot.wait_for_room(&Context::from_waker(&w));
    slot.writable().unwrap().wake();
    assert_eq!(
        (
            reader.0.load(Ordering::Relaxed),
            writer.0.load(Ordering::Relaxed)
        ),
        (1, 1)
    );
    slot.wait_for_room(&Context::from_waker(&w));
    for waker in slot.broken(RESET).into_iter().flatten() {
        waker.wake();
    }
    assert_eq!(
        (
            reader.0.load(Ordering::Relaxed),
            writer.0.load(Ordering::Relaxed)
        ),
        (2, 2)
    );
}
