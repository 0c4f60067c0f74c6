//! A client that speaks HTTP/2 with prior knowledge.

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::Written;

/// One connection.
#[derive(Clone, Debug)]
pub struct H2Client {
    sender: SendRequest<Written>,
    address: SocketAddr,
}

impl H2Client {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("it accepts");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("it speaks HTTP/2");
        tokio::spawn(connection);
        Self { sender, address }
    }

    /// The answer to a request with these fields.
    ///
    /// # Errors
    ///
    /// hyper's, if there is none.
    pub async fn send(
        &self,
        method: &str,
        fields: &[(&str, &str)],
        body: Written,
    ) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}/pack.Service/Call", self.address));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a valid request");
        self.sender.clone().send_request(request).await
    }

    /// The answer to a gRPC call with these fields beside the usual ones.
    ///
    /// # Errors
    ///
    /// hyper's, if there is none.
    pub async fn call(
        &self,
        fields: &[(&str, &str)],
        body: Written,
    ) -> hyper::Result<Response<Incoming>> {
        let mut all = vec![("content-type", "application/grpc"), ("te", "trailers")];
        all.extend(fields);
        self.send("POST", &all, body).await
    }
}

/// The head of a gRPC answer with `body`.
///
/// # Panics
///
/// Never: its fields are valid.
pub fn grpc(body: Written) -> Response<Written> {
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body).expect("a valid response")
}

/// A gRPC message: not compressed, its length, its bytes.
///
/// # Panics
///
/// If it is longer than gRPC allows.
pub fn message(text: &str) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(text.len()).expect("a short message"));
    framed.put_slice(text.as_bytes());
    framed.freeze()
}

/// The bytes of a body, and its trailers.
///
/// # Errors
///
/// hyper's, if it breaks off.
pub async fn trailer(body: Incoming) -> hyper::Result<(Bytes, HeaderMap)> {
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned().unwrap_or_default();
    Ok((collected.to_bytes(), trailers))
}
