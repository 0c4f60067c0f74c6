//! A tonic client whose server is not there: it tries again, its circuit opens, and it says why.

use std::error::Error;
use std::time::Duration;

use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::{CircuitBreakerLayer, ExplainLayer, Explainer, ReplayBody, RetryLayer, TimeoutLayer};
use soe503_tonic_example::{greet, print};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::ServiceExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Bound and given up at once: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let channel = Channel::from_shared(format!("http://{address}"))?.connect_lazy();
    // A channel takes bodies of its own kind.
    let channel =
        channel.map_request(|request: http::Request<ReplayBody<Body>>| request.map(Body::new));

    let breaker = Breaker::new("greeter", BreakerConfig::default(), fastrand::u64(..));
    let budget = RetryBudget::new("greeter", BudgetConfig::default());
    let client = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("client").build()))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .retry(RetryLayer::new(budget, RetryPolicy::default()))
        .circuit_breaker(CircuitBreakerLayer::new(breaker.clone()))
        .build()?
        .service(channel);
    for _ in 0..3 {
        match greet(client.clone(), "you").await {
            Ok(text) => println!("{text}"),
            Err(failed) => print(&failed),
        }
    }
    println!("the circuit is {}", breaker.state().as_str());
    Ok(())
}
