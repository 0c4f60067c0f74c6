use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::{Ends, MOST, Tick, kernel, may_ask};

fn ends(stream: &TcpStream) -> Ends {
    (stream.local_addr().unwrap(), stream.peer_addr().unwrap())
}

/// Both families, because each is asked about in its own way. A machine may have no second one.
fn listeners() -> Vec<TcpListener> {
    let all = ["127.0.0.1:0", "[::1]:0"].map(TcpListener::bind);
    all.into_iter().flatten().collect()
}

#[test]
fn what_was_acknowledged_is_known() {
    for listener in listeners() {
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        stream.write_all(b"hello").unwrap();
        peer.read_exact(&mut [0; 5]).unwrap();
        let wire = kernel::look(ends(&stream)).expect("it is there");
        assert!(wire.has_arrived() && !wire.is_deaf(), "{wire:?}");
        assert!(!wire.rtt.is_zero(), "{wire:?}");
    }
}

/// A peer that reads nothing acknowledges until its buffer is full: what is left waits here.
#[test]
fn what_waits_is_counted() {
    for listener in listeners() {
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.set_nonblocking(true).unwrap();
        let piece = vec![0; 1 << 20];
        while stream.write(&piece).is_ok() {}
        let wire = kernel::look(ends(&stream)).expect("it is there");
        assert!(wire.unacked > 0 && !wire.has_arrived(), "{wire:?}");
        assert!(!wire.is_deaf(), "a full buffer is no loss: {wire:?}");
    }
}

#[test]
fn of_what_is_not_there_nothing_is_known() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = ends(&stream);
    for (theirs, why) in [
        ("127.0.0.1:1", "no such connection"),
        ("[::1]:1", "of two families"),
    ] {
        let known = kernel::look((ours, theirs.parse().unwrap()));
        assert_eq!(known, None, "{why}");
    }
    drop(stream);
}

#[test]
fn it_is_asked_so_many_times_a_second() {
    let at = Tick::from_secs(7);
    let asked = (0..2 * MOST).filter(|_| may_ask(at)).count();
    assert_eq!(asked, MOST as usize);
    assert!(may_ask(Tick::from_secs(8)));
}
