//! Frames as they are on the wire, and what a session makes of them.

mod client_rules;
mod cut;
mod floods;
mod flow;
mod going;
mod hostile;
mod pair;
mod server_rules;
mod server_streams;
mod streams;

use http::{HeaderMap, Method};

use super::{By, Event, Options, Session};
use crate::code::Code;
use crate::frame::{FrameHead, PREFACE, flag, kind};
use crate::head::RequestOut;

const ES: u8 = flag::END_STREAM;
const EH: u8 = flag::END_HEADERS;

/// `:method: GET`, `:scheme: http`, `:path: /`, `:authority: a`.
const GET: &[u8] = b"\x82\x86\x84\x01\x01a";
/// The same with `POST`.
const POST: &[u8] = b"\x83\x86\x84\x01\x01a";
/// `:status: 200`.
const OK: &[u8] = b"\x88";
/// `a: b`.
const FIELD: &[u8] = b"\0\x01a\x01b";

/// A frame's bytes.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let head = FrameHead {
        len: payload.len() as u32,
        kind,
        flags,
        stream,
    };
    [&head.to_bytes(), payload].concat()
}

fn data(stream: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(kind::DATA, flags, stream, payload)
}

fn headers(stream: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(kind::HEADERS, flags, stream, payload)
}

/// A whole GET.
fn get(stream: u32) -> Vec<u8> {
    headers(stream, ES | EH, GET)
}

/// A POST whose body is to come.
fn post(stream: u32) -> Vec<u8> {
    headers(stream, EH, POST)
}

/// A field that is not indexed.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0, name.len() as u8];
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(value.len() as u8);
    bytes.extend_from_slice(value.as_bytes());
    bytes
}

fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::frame::settings_frame(&mut bytes, pairs);
    bytes
}

fn window_update(stream: u32, more: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

fn rst(stream: u32, code: Code) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, &code.0.to_be_bytes())
}

/// What a client sends first, our SETTINGS acknowledged.
fn hello() -> Vec<u8> {
    [
        PREFACE.as_slice(),
        &settings(&[]),
        &frame(kind::SETTINGS, flag::ACK, 0, b""),
    ]
    .concat()
}

/// A server after the beginning, nothing being queued.
fn server_with(options: &Options) -> Session<u32> {
    let mut session = Session::server(options);
    session
        .receive(&hello())
        .expect("a beginning as it should be");
    drain(&mut session);
    session
}

fn server() -> Session<u32> {
    server_with(&Options::default())
}

fn request<'a>(method: &'a Method, headers: &'a HeaderMap) -> RequestOut<'a> {
    RequestOut {
        method,
        https: false,
        authority: b"a",
        path: b"/",
        headers,
        te_trailers: false,
        grpc_timeout: None,
    }
}

/// A client after the beginning: stream 1 a GET, stream 3 a POST whose body is to come, stream 5 a HEAD.
fn client() -> Session<u32> {
    let mut session = Session::client(&Options::default());
    let hello = [settings(&[]), frame(kind::SETTINGS, flag::ACK, 0, b"")];
    session
        .receive(&hello.concat())
        .expect("a beginning as it should be");
    assert!(matches!(session.next_event(), Some(Event::Streams)));
    let fields = HeaderMap::new();
    for (method, end) in [
        (Method::GET, true),
        (Method::POST, false),
        (Method::HEAD, true),
    ] {
        session
            .open(&request(&method, &fields), end, 7)
            .expect("there is room");
    }
    drain(&mut session);
    session
}

/// Takes what is queued, as frames.
fn drain<T>(session: &mut Session<T>) -> Vec<(FrameHead, Vec<u8>)> {
    let bytes = session.queued().to_vec();
    session.sent(bytes.len());
    frames(bytes.strip_prefix(PREFACE.as_slice()).unwrap_or(&bytes))
}

fn frames(mut bytes: &[u8]) -> Vec<(FrameHead, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some(head) = bytes.first_chunk() {
        let head = FrameHead::parse(head);
        let (frame, rest) = bytes.split_at(head.total());
        frames.push((head, frame[FrameHead::LEN..].to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame is queued");
    frames
}

fn events<T>(session: &mut Session<T>) -> Vec<Event> {
    std::iter::from_fn(|| session.next_event()).collect()
}

fn code(payload: &[u8], at: usize) -> Code {
    Code(u32::from_be_bytes(
        payload[at..at + 4].try_into().expect("four bytes"),
    ))
}

/// What became of the frames.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Fine,
    /// The stream was reset by this side.
    Stream(u32, Code),
    /// The connection is over.
    Connection(Code),
}

/// Gives `bytes` to a session and looks at what it says of them: to its caller, and to the peer.
fn outcome(session: &mut Session<u32>, bytes: &[u8]) -> Outcome {
    let result = session.receive(bytes);
    let out = drain(session);
    if let Err(violation) = result {
        let (head, payload) = out.last().expect("GOAWAY is queued");
        assert_eq!(head.kind, kind::GOAWAY);
        assert_eq!(code(payload, 4), violation.code);
        assert_eq!(session.receive(b""), Err(violation));
        assert!(session.is_over());
        return Outcome::Connection(violation.code);
    }
    let mut resets = out.iter().filter(|(head, _)| head.kind == kind::RST_STREAM);
    let Some((head, payload)) = resets.next() else {
        return Outcome::Fine;
    };
    assert!(resets.next().is_none(), "one reset is enough");
    let told = code(payload, 0);
    for event in events(session) {
        if let Event::Reset { stream, code, by } = event {
            assert_eq!((stream.get(), code, by), (head.stream, told, By::Us));
        }
    }
    Outcome::Stream(head.stream, told)
}

/// Each row is played to a session of its own.
fn table(make: fn() -> Session<u32>, rows: Vec<(&str, Vec<Vec<u8>>, Outcome)>) {
    for (name, bytes, want) in rows {
        let got = outcome(&mut make(), &bytes.concat());
        assert_eq!(got, want, "{name}");
    }
}
