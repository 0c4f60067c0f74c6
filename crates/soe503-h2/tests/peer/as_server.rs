//! Our server, their client.

use std::collections::VecDeque;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request, StatusCode};
use soe503_h2::{By, Code, Event, Options, Session, StreamId};

use crate::{body, drive::drive};

/// What is still to be sent back.
#[derive(Default)]
struct Echo {
    waiting: VecDeque<(Bytes, u32)>,
    trailers: HeaderMap,
    ended: bool,
}

/// `/reset` is reset, `/bye` ends the connection as well; all else is sent back.
fn on_event(session: &mut Session<Echo>, event: Event) {
    match event {
        Event::Request { stream, head, end } => {
            assert_eq!(head.parts.headers["host"], "a.test");
            let ended = end;
            assert!(
                session
                    .insert(
                        stream,
                        Echo {
                            ended,
                            ..Echo::default()
                        }
                    )
                    .is_none()
            );
            match head.parts.uri.path() {
                "/reset" => drop(session.reset(stream, Code::INTERNAL_ERROR)),
                path => {
                    if path == "/bye" {
                        session.shutdown();
                    }
                    session.respond(
                        stream,
                        StatusCode::OK,
                        &head.parts.headers,
                        Some(b"now"),
                        false,
                    );
                    echo(session, stream);
                }
            }
        }
        Event::Data {
            stream,
            data,
            flow,
            end,
        } => {
            if let Some(kept) = session.get_mut(stream) {
                kept.waiting.push_back((data, flow));
                kept.ended = end;
            }
            echo(session, stream);
        }
        Event::Trailers { stream, trailers } => {
            if let Some(kept) = session.get_mut(stream) {
                kept.trailers = trailers;
                kept.ended = true;
            }
            echo(session, stream);
        }
        Event::Writable { stream } => echo(session, stream),
        Event::Reset { stream, by, .. } => {
            assert_eq!(by, By::Peer);
            session.forget(stream);
        }
        Event::GoAway { .. } => {}
        other => panic!("{other:?}"),
    }
}

fn echo(session: &mut Session<Echo>, stream: StreamId) {
    while let Some(kept) = session.get_mut(stream) {
        if let Some((mut data, flow)) = kept.waiting.pop_front() {
            if session.send_data(stream, &mut data, false) {
                session.release(stream, flow);
                continue;
            }
            if let Some(kept) = session.get_mut(stream) {
                kept.waiting.push_front((data, flow));
            }
        } else if kept.ended {
            let trailers = std::mem::take(&mut kept.trailers);
            if trailers.is_empty() {
                session.send_data(stream, &mut Bytes::new(), true);
            } else {
                session.send_trailers(stream, &trailers);
            }
            session.forget(stream);
        }
        return;
    }
}

/// Runs `ask` with a client of theirs that is connected to a server of ours.
async fn with<F: Future<Output = ()>>(options: Options, ask: impl FnOnce(SendRequest<Bytes>) -> F) {
    let (ours, theirs) = tokio::io::duplex(5_000);
    let mut session = Session::server(&options);
    let serve = drive(ours, &mut session, on_event);
    let client = async {
        let (send, connection) = h2::client::handshake(theirs).await.expect("a handshake");
        let (result, ()) = tokio::join!(connection, ask(send));
        result.expect("the connection ends as it should");
    };
    tokio::join!(serve, client);
    assert_eq!(session.streams(), 0);
}

fn request(method: Method, path: &str) -> Request<()> {
    let uri = format!("http://a.test{path}");
    Request::builder()
        .method(method)
        .uri(uri)
        .header("x-a", "b")
        .body(())
        .expect("a request")
}

async fn collect(mut stream: h2::RecvStream) -> (Vec<u8>, Option<HeaderMap>) {
    let mut bytes = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece.expect("data");
        stream
            .flow_control()
            .release_capacity(piece.len())
            .expect("it came");
        bytes.extend_from_slice(&piece);
    }
    (bytes, stream.trailers().await.expect("trailers or none"))
}

async fn post(
    send: &mut SendRequest<Bytes>,
    body: Bytes,
    trailers: Option<HeaderMap>,
) -> (Vec<u8>, Option<HeaderMap>) {
    let (response, mut stream) = send
        .send_request(request(Method::POST, "/"), false)
        .expect("a stream");
    let has = trailers.is_some();
    stream.send_data(body, !has).expect("an open stream");
    if let Some(trailers) = trailers {
        stream.send_trailers(trailers).expect("an open stream");
    }
    let response = response.await.expect("a response");
    assert_eq!(
        (response.status(), &response.headers()["date"]),
        (
            StatusCode::OK,
            &"now".parse::<http::HeaderValue>().expect("a value")
        )
    );
    collect(response.into_body()).await
}

#[tokio::test]
async fn requests_one_after_the_other_and_at_once() {
    with(Options::default(), |send| async move {
        for _ in 0..5 {
            let mut send = send.clone().ready().await.expect("ready");
            let (response, _) = send
                .send_request(request(Method::GET, "/x"), true)
                .expect("a stream");
            let response = response.await.expect("a response");
            assert_eq!(response.headers()["x-a"], "b");
            assert_eq!(collect(response.into_body()).await.0, b"");
        }
        let mut send = send.ready().await.expect("ready");
        let responses: Vec<_> = (0..50)
            .map(|_| {
                send.send_request(request(Method::GET, "/"), true)
                    .expect("a stream")
                    .0
            })
            .collect();
        for response in responses {
            assert_eq!(response.await.expect("a response").status(), 200);
        }
    })
    .await;
}

#[tokio::test]
async fn large_bodies_and_trailers_both_ways() {
    for stream_window in [1_000, 65_535, 1 << 20] {
        let options = Options {
            stream_window,
            ..Options::default()
        };
        with(options, |send| async move {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().expect("a value"));
            let mut send = send.ready().await.expect("ready");
            let (first, second) = (send.clone(), &mut send);
            let mut first = first.ready().await.expect("ready");
            let (one, two) = tokio::join!(
                post(&mut first, body(1_000_000), None),
                post(second, body(300_000), Some(trailers.clone())),
            );
            assert!(one.0 == body(1_000_000) && one.1.is_none());
            assert!(two.0 == body(300_000));
            assert_eq!(two.1, Some(trailers));
        })
        .await;
    }
}

#[tokio::test]
async fn resets_both_ways() {
    with(Options::default(), |send| async move {
        let mut send = send.ready().await.expect("ready");
        let (response, _) = send
            .send_request(request(Method::GET, "/reset"), true)
            .expect("a stream");
        let error = response.await.expect_err("it is reset");
        assert_eq!(error.reason(), Some(h2::Reason::INTERNAL_ERROR));
        let (response, mut stream) = send
            .send_request(request(Method::POST, "/"), false)
            .expect("a stream");
        response.await.expect("a response");
        stream.send_reset(h2::Reason::CANCEL);
        assert_eq!(post(&mut send, body(10), None).await.0, body(10));
    })
    .await;
}

#[tokio::test]
async fn the_server_goes_and_what_it_has_is_finished() {
    with(Options::default(), |send| async move {
        let mut send = send.ready().await.expect("ready");
        let (first, mut stream) = send
            .send_request(request(Method::POST, "/"), false)
            .expect("a stream");
        let first = first.await.expect("a response");
        let (bye, _) = send
            .send_request(request(Method::GET, "/bye"), true)
            .expect("a stream");
        assert_eq!(bye.await.expect("a response").status(), 200);
        stream
            .send_data(body(200_000), true)
            .expect("an open stream");
        assert!(collect(first.into_body()).await.0 == body(200_000));
    })
    .await;
}
