//! A tonic server that has deadlines and explains what misses them.

use std::error::Error;
use std::time::Duration;

use soe503::concurrency_limit::Limit;
use soe503::stack::Stack;
use soe503::{ConcurrencyLimitLayer, ExplainLayer, Explainer, TimeoutLayer};
use soe503_tonic_example::{Greeter, greet, print};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let stack = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("greeter").build()))
        .timeout(TimeoutLayer::new(Duration::from_millis(300)))
        .concurrency_limit(ConcurrencyLimitLayer::new(Limit::new("greeter", 100)))
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().layer(stack).add_service(Greeter);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    let channel = Channel::from_shared(format!("http://{address}"))?
        .connect()
        .await?;
    println!("{}", greet(channel.clone(), "you").await?);
    match greet(channel, "slow").await {
        Ok(text) => println!("{text}"),
        Err(failed) => print(&failed),
    }
    Ok(())
}
