//! Our client, their server.

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Method, Request, Response};
use soe503_h2::{By, Code, Event, Options, RequestOut, Session, StreamId};
use tokio::io::DuplexStream;

use crate::{body, drive::drive};

/// What is asked, and what came of it.
#[derive(Clone, Debug, Default)]
struct Asked {
    rest: Bytes,
    trailers: Option<HeaderMap>,
    status: u16,
    got: Vec<u8>,
    got_trailers: Option<HeaderMap>,
    reset: Option<(Code, By)>,
}

/// Their server: `/reset` is reset, `/bye` makes it go away; all else is sent back with its trailers.
async fn serve(io: DuplexStream) {
    let mut connection = h2::server::handshake(io).await.expect("a handshake");
    let mut tasks = Vec::new();
    while let Some(request) = connection.accept().await {
        let (request, respond) = request.expect("a request as it should be");
        if request.uri().path() == "/bye" {
            connection.graceful_shutdown();
        }
        tasks.push(tokio::spawn(answer(request, respond)));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
    assert_eq!(request.headers()["x-a"], "b");
    assert_eq!(
        request
            .uri()
            .authority()
            .map(|authority| authority.as_str()),
        Some("a.test")
    );
    if request.uri().path() == "/reset" {
        return respond.send_reset(h2::Reason::REFUSED_STREAM);
    }
    let mut back = respond
        .send_response(Response::new(()), false)
        .expect("an open stream");
    let mut stream = request.into_body();
    while let Some(piece) = stream.data().await {
        let piece = piece.expect("data");
        stream
            .flow_control()
            .release_capacity(piece.len())
            .expect("it came");
        back.send_data(piece, false).expect("an open stream");
    }
    match stream.trailers().await.expect("trailers or none") {
        Some(trailers) => back.send_trailers(trailers).expect("an open stream"),
        None => back.send_data(Bytes::new(), true).expect("an open stream"),
    }
}

fn ask(session: &mut Session<Asked>, stream: StreamId) {
    let Some(asked) = session.get_mut(stream) else {
        return;
    };
    let (mut rest, trailers) = (asked.rest.clone(), asked.trailers.clone());
    let all = session.send_data(stream, &mut rest, trailers.is_none());
    if let Some(trailers) = trailers.filter(|_| all) {
        session.send_trailers(stream, &trailers);
    }
    if let Some(asked) = session.get_mut(stream) {
        asked.rest = rest;
    }
}

/// Sends all requests at once, and goes when all are answered. In the order in which they ended.
async fn play(options: Options, requests: Vec<(&str, Bytes, Option<HeaderMap>)>) -> Vec<Asked> {
    let (ours, theirs) = tokio::io::duplex(5_000);
    let mut session = Session::client(&options);
    let mut fields = HeaderMap::new();
    fields.insert("x-a", "b".parse().expect("a value"));
    let mut left = requests.len();
    for (path, rest, trailers) in requests {
        let head = RequestOut {
            method: &Method::POST,
            https: false,
            authority: b"a.test",
            path: path.as_bytes(),
            headers: &fields,
            te_trailers: true,
            grpc_timeout: None,
        };
        let end = rest.is_empty() && trailers.is_none();
        let asked = Asked {
            rest,
            trailers,
            ..Asked::default()
        };
        let stream = session.open(&head, end, asked).expect("there is room");
        ask(&mut session, stream);
    }
    let mut done = Vec::new();
    let on_event = |session: &mut Session<Asked>, event| {
        let ended = match event {
            Event::Response { stream, head, end } => {
                session.get_mut(stream).expect("it is asked").status = head.parts.status.as_u16();
                end.then_some(stream)
            }
            Event::Data {
                stream,
                data,
                flow,
                end,
            } => {
                session
                    .get_mut(stream)
                    .expect("it is asked")
                    .got
                    .extend_from_slice(&data);
                session.release(stream, flow);
                end.then_some(stream)
            }
            Event::Trailers { stream, trailers } => {
                session.get_mut(stream).expect("it is asked").got_trailers = Some(trailers);
                Some(stream)
            }
            Event::Reset { stream, code, by } => {
                session.get_mut(stream).expect("it is asked").reset = Some((code, by));
                Some(stream)
            }
            Event::Writable { stream } => {
                ask(session, stream);
                None
            }
            _ => None,
        };
        if let Some(asked) = ended.and_then(|stream| session.forget(stream)) {
            done.push(asked);
            left -= 1;
            if left == 0 {
                session.shutdown();
            }
        }
    };
    tokio::join!(drive(ours, &mut session, on_event), serve(theirs));
    assert!(session.is_over());
    done
}

#[tokio::test]
async fn requests_without_a_body() {
    let done = play(Options::default(), vec![("/", Bytes::new(), None); 20]).await;
    assert_eq!(done.len(), 20);
    assert!(
        done.iter()
            .all(|asked| asked.status == 200 && asked.got.is_empty())
    );
}

#[tokio::test]
async fn large_bodies_and_trailers_both_ways() {
    for stream_window in [1_000, 65_535, 1 << 20] {
        let options = Options {
            stream_window,
            ..Options::default()
        };
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().expect("a value"));
        let requests = vec![
            ("/", body(1_000_000), None),
            ("/", body(300_000), Some(trailers.clone())),
        ];
        let done = play(options, requests).await;
        assert_eq!(done.len(), 2);
        for asked in done {
            let len = if asked.got_trailers.is_some() {
                300_000
            } else {
                1_000_000
            };
            assert!(asked.got == body(len), "{} bytes", asked.got.len());
            assert_eq!(
                asked.got_trailers,
                (len == 300_000).then(|| trailers.clone())
            );
        }
    }
}

#[tokio::test]
async fn a_reset_ends_its_stream_alone() {
    let requests = vec![("/reset", Bytes::new(), None), ("/", body(100_000), None)];
    let done = play(Options::default(), requests).await;
    assert_eq!(done[0].reset, Some((Code::REFUSED_STREAM, By::Peer)));
    assert!(done[1].got == body(100_000));
}

#[tokio::test]
async fn the_server_goes_and_what_it_has_is_finished() {
    let requests = vec![("/", body(200_000), None), ("/bye", Bytes::new(), None)];
    let done = play(Options::default(), requests).await;
    assert_eq!(done.len(), 2);
    assert!(done.iter().any(|asked| asked.got == body(200_000)));
}
