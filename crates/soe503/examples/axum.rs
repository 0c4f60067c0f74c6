//! An axum service that sheds, has deadlines, fails fast and explains every failure.
//!
//! Run it: it asks itself, and shows what its clients get. With an address it serves there:
//! `cargo run -p soe503 --example axum 127.0.0.1:3000`, then `curl -i 127.0.0.1:3000/`, `…/slow`, six times `…/down`.

use std::error::Error;
use std::time::Duration;

use axum::{Router, http::StatusCode, routing::get};
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::concurrency_limit::Limit;
use soe503::stack::Stack;
use soe503::{CircuitBreakerLayer, ConcurrencyLimitLayer, ExplainLayer, Explainer, TimeoutLayer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let breaker = Breaker::new("shop", BreakerConfig::default(), fastrand::u64(..));
    // In any order: a stack knows where they belong.
    let stack = Stack::new()
        .timeout(TimeoutLayer::new(Duration::from_millis(500)))
        .concurrency_limit(ConcurrencyLimitLayer::new(Limit::new("shop", 100)))
        .circuit_breaker(CircuitBreakerLayer::new(breaker))
        .explain(ExplainLayer::new(Explainer::builder("shop").build()))
        .build()?;
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
        .route("/down", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(stack);

    let serve_at = std::env::args().nth(1);
    let address = serve_at.as_deref().unwrap_or("127.0.0.1:0");
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?.to_string();
    let serving = tokio::spawn(axum::serve(listener, app).into_future());
    if serve_at.is_some() {
        println!("serving at http://{address}");
        return Ok(serving.await??);
    }
    println!("--- a good answer\n{}", ask(&address, "/").await?);
    println!("--- one that is late\n{}", ask(&address, "/slow").await?);
    for _ in 0..4 {
        ask(&address, "/down").await?;
    }
    println!("--- after five failures\n{}", ask(&address, "/down").await?);
    Ok(())
}

/// The whole answer, as it comes.
async fn ask(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/plain\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
