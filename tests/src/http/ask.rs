//! One request on a connection of its own.

use std::net::SocketAddr;

use super::{Answer, AnswerError, Connection};

/// Sends one request on a connection of its own and returns the answer.
pub async fn once(address: SocketAddr, request: &str) -> Result<Answer, AnswerError> {
    let mut connection = Connection::open(address).await?;
    connection.send(request.as_bytes()).await?;
    connection.answer(request.starts_with("HEAD ")).await
}

/// GET of a path on a connection of its own.
pub async fn get(address: SocketAddr, path: &str) -> Result<Answer, AnswerError> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    once(address, &request).await
}

/// POST without a body on a connection of its own.
pub async fn post(address: SocketAddr, path: &str) -> Result<Answer, AnswerError> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    once(address, &request).await
}
