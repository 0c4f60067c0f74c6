//! Bodies of every kind, both ways, at once, and with patience.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;

use super::super::source::KEPT;
use super::support::{Backend, PATIENCE, Written, come};

type Server = ::h2::server::Connection<tokio::net::TcpStream, Bytes>;

async fn accept(listener: &TcpListener) -> Server {
    let stream = listener.accept().await.unwrap().0;
    ::h2::server::handshake(stream).await.unwrap()
}

/// Moves the server's frames for good.
fn keep_going(mut server: Server) {
    tokio::spawn(async move { while server.accept().await.is_some() {} });
}

/// Nothing more comes than the end.
async fn is_over(body: &mut ::h2::RecvStream) -> bool {
    while let Some(data) = body.data().await {
        if !data.unwrap().is_empty() {
            return false;
        }
    }
    true
}

fn trailers(value: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(value));
    trailers
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let backend = Backend::new(1).await;
    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    let mut server = accept(&backend.listener).await;
    let (request, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    assert_eq!(request.uri(), "http://shop.example/path");
    pen.send(Ok(Frame::data(Bytes::from("ask")))).await.unwrap();
    pen.send(Ok(Frame::trailers(trailers("up")))).await.unwrap();
    drop(pen);
    let mut asked = request.into_body();
    assert_eq!(asked.data().await.unwrap().unwrap(), "ask");
    assert_eq!(
        asked.trailers().await.unwrap().unwrap()["grpc-status"],
        "up"
    );

    let mut answer = respond.send_response(Response::new(()), false).unwrap();
    answer.send_data(Bytes::from("tell"), false).unwrap();
    answer.send_trailers(trailers("down")).unwrap();
    let told = come(sent)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    assert_eq!(told.trailers().unwrap()["grpc-status"], "down");
    assert_eq!(told.to_bytes(), "tell");
}

#[tokio::test]
async fn what_http2_does_not_know_is_left_out() {
    let backend = Backend::new(1).await;
    let mut request = http::Request::new(Full::<Bytes>::default());
    for (name, value) in [
        ("host", "shop.example"),
        ("connection", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "y"),
        ("keep-alive", "z"),
        ("proxy-connection", "z"),
        ("te", "trailers, deflate"),
        ("accept", "*/*"),
    ] {
        let value = HeaderValue::from_static(value);
        request.headers_mut().insert(name, value);
    }
    let run = super::super::run(backend.upstream.clone(), backend.options, request);
    let sent = tokio::spawn(run);
    let mut server = accept(&backend.listener).await;
    let (request, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["accept"]);
    respond.send_response(Response::new(()), true).unwrap();
    assert_eq!(come(sent).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_answer_without_a_body_is_over_with_its_head() {
    let backend = Backend::new(1).await;
    let sent = backend.get();
    let mut server = accept(&backend.listener).await;
    let (_, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    respond.send_response(Response::new(()), true).unwrap();
    let response = come(sent).await.unwrap();
    assert!(response.body().is_end_stream());
    assert_eq!(response.body().size_hint().exact(), Some(0));
}

#[tokio::test]
async fn a_known_length_is_known() {
    let backend = Backend::new(1).await;
    let sent = backend.get();
    let mut server = accept(&backend.listener).await;
    let (_, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let head = Response::builder()
        .header("content-length", 4)
        .body(())
        .unwrap();
    let mut answer = respond.send_response(head, false).unwrap();
    answer.send_data(Bytes::from("tell"), true).unwrap();
    let mut body = come(sent).await.unwrap().into_body();
    assert_eq!(body.size_hint().exact(), Some(4));
    body.frame().await.unwrap().unwrap();
    assert!(body.is_end_stream(), "whoever counted does not ask again");
}

#[tokio::test]
async fn both_directions_at_once() {
    let backend = Backend::new(1).await;
    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    let mut server = accept(&backend.listener).await;
    let (request, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let mut asked = request.into_body();
    let mut answer = respond.send_response(Response::new(()), false).unwrap();
    let mut told = come(sent).await.unwrap().into_body();
    for word in ["one", "two", "three"] {
        pen.send(Ok(Frame::data(Bytes::from(word)))).await.unwrap();
        let heard = asked.data().await.unwrap().unwrap();
        assert_eq!(heard, word);
        answer.send_data(heard, false).unwrap();
        let frame = told.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), word);
    }
    drop(pen);
    assert!(is_over(&mut asked).await);
    answer.send_trailers(trailers("0")).unwrap();
    assert!(told.frame().await.unwrap().unwrap().is_trailers());
    assert!(told.frame().await.is_none());
}

#[tokio::test]
async fn an_early_answer_does_not_stop_the_upload() {
    let backend = Backend::new(1).await;
    let (pen, body) = Written::new();
    let sent = backend.send("POST", body);
    let mut server = accept(&backend.listener).await;
    let (request, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    respond.send_response(Response::new(()), true).unwrap();
    let response = come(sent).await.unwrap();
    assert!(response.body().is_end_stream());
    drop(response);
    pen.send(Ok(Frame::data(Bytes::from("late"))))
        .await
        .unwrap();
    drop(pen);
    let mut asked = request.into_body();
    assert_eq!(asked.data().await.unwrap().unwrap(), "late");
    assert!(is_over(&mut asked).await);
}

#[tokio::test]
async fn a_backend_that_does_not_read_stops_the_client() {
    let backend = Backend::new(1).await;
    let (pen, body) = Written::new();
    let _sent = backend.send("POST", body);
    let mut server = accept(&backend.listener).await;
    let (request, _respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let piece = Bytes::from(vec![b'x'; 16 * 1024]);
    let mut written = 0;
    // Until it does not move for a while.
    while let Ok(sent) = tokio::time::timeout(
        std::time::Duration::from_millis(300),
        pen.send(Ok(Frame::data(piece.clone()))),
    )
    .await
    {
        sent.unwrap();
        written += piece.len();
        assert!(written <= 4 * KEPT, "it is not held back");
    }
    // It goes on when it is read.
    let mut asked = request.into_body();
    let reading = tokio::spawn(async move {
        while let Some(data) = asked.data().await {
            let length = data.unwrap().len();
            asked.flow_control().release_capacity(length).unwrap();
        }
    });
    for _ in 0..32 {
        pen.send(Ok(Frame::data(piece.clone()))).await.unwrap();
    }
    drop(pen);
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_backend() {
    let backend = Backend::new(1).await;
    let sent = backend.get();
    let mut server = accept(&backend.listener).await;
    let (_, mut respond) = server.accept().await.unwrap().unwrap();
    let sent_other = backend.get();
    let (_, mut respond_other) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let size = 1024 * 1024;
    let mut answer = respond.send_response(Response::new(()), false).unwrap();
    answer
        .send_data(Bytes::from(vec![b'x'; size]), true)
        .unwrap();
    let body = come(sent).await.unwrap().into_body();
    // The other one on the same connection is not in its way.
    let mut other = respond_other
        .send_response(Response::new(()), false)
        .unwrap();
    other
        .send_data(Bytes::from(vec![b'y'; size]), true)
        .unwrap();
    let other = come(sent_other).await.unwrap().into_body();
    let read = tokio::time::timeout(PATIENCE, other.collect()).await;
    let read = read.expect("it is not stalled").unwrap();
    assert_eq!(read.to_bytes().len(), size);
    answer.reserve_capacity(1);
    assert_eq!(answer.capacity(), 0, "its window is full");
    assert_eq!(body.collect().await.unwrap().to_bytes().len(), size);
}

#[tokio::test]
async fn a_large_upload_arrives_whole() {
    let backend = Backend::new(1).await;
    let size = 3 * 1024 * 1024;
    let sent = backend.send("PUT", Full::new(Bytes::from(vec![b'x'; size])));
    let mut server = accept(&backend.listener).await;
    let (request, mut respond) = server.accept().await.unwrap().unwrap();
    keep_going(server);
    let mut asked = request.into_body();
    let mut read = 0;
    while let Some(data) = asked.data().await {
        let length = data.unwrap().len();
        asked.flow_control().release_capacity(length).unwrap();
        read += length;
    }
    assert_eq!(read, size);
    respond.send_response(Response::new(()), true).unwrap();
    assert_eq!(come(sent).await.unwrap().status(), 200);
}
