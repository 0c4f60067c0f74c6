//! The smallest: a function as the service, and an explanation of its failure.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use soe503::explain::{Exposure, FailureRecord};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::{BoxError, ExplainLayer, Explainer, ReplayBody, RetryLayer, TimeoutLayer};
use tower::{ServiceExt, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let explainer = Explainer::builder("here")
        // What people of yours may read; strangers are told less.
        .exposure(Exposure::Full)
        .record(|failure: FailureRecord| {
            println!(
                "recorded: {} after {:?}",
                failure.diagnosis.primary, failure.elapsed
            );
        });
    let budget = RetryBudget::new("nobody", BudgetConfig::default());
    let service = Stack::new()
        .explain(ExplainLayer::new(explainer.build()))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .retry(RetryLayer::new(budget, RetryPolicy::default()))
        .build()?
        .service(service_fn(connect));

    let request = Request::get("/").header("accept", "text/plain");
    let answer = service.oneshot(request.body(Empty::new())?).await;
    let answer = answer.unwrap_or_else(|never: Infallible| match never {});
    println!("{}", answer.status());
    for (name, value) in answer.headers() {
        println!("{name}: {}", value.to_str()?);
    }
    let explanation = answer.into_body().collect().await?.to_bytes();
    println!("\n{}", String::from_utf8_lossy(&explanation));
    Ok(())
}

/// Somebody who has gone home.
async fn connect(
    _request: Request<ReplayBody<Empty<Bytes>>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    // Port 9 is for discarding, and nobody listens there.
    tokio::net::TcpStream::connect("127.0.0.1:9").await?;
    Ok(Response::new(Full::from("somebody is at home after all\n")))
}
