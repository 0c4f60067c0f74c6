//! An outgoing client: hyper-util's, with three backends, one of which is down, behind the whole stack.
//! Run it: every request succeeds, and the pool says which backend is out and why. Then all are down, and the failure
//! says so.

use std::time::Duration;

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::stack::Stack;
use soe503::{
    BoxError, CircuitBreakerLayer, ExplainLayer, Explainer, Pool, ReplayBody, RetryLayer, Served,
    TimeoutLayer, clock,
};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt, service_fn};

type Body = ReplayBody<Empty<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let addresses = [serve("one").await?, serve("two").await?, nobody().await?];
    let backends = Backends::new("app", PoolConfig::default(), fastrand::u64(..));
    let spec = |address: String| BackendSpec::new(address.clone(), backend(address));
    backends.set_backends(addresses.into_iter().map(spec).collect(), clock::now());

    let breaker = Breaker::new("app", BreakerConfig::default(), fastrand::u64(..));
    let budget = RetryBudget::new("app", BudgetConfig::default());
    let mut client = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("client").build()))
        .timeout(TimeoutLayer::new(Duration::from_secs(15)))
        .retry(RetryLayer::new(budget, RetryPolicy::default()))
        .circuit_breaker(CircuitBreakerLayer::new(breaker))
        .build()?
        .service(Pool::new(backends.clone()));

    for _ in 0..10 {
        let request = Request::get("/").header("host", "app").body(Empty::new())?;
        let response = client.ready().await?.call(request).await?;
        let served = response.extensions().get::<Served>();
        let (backend, attempts) = match served {
            Some(served) => (served.backend.as_deref().unwrap_or("-"), served.attempts),
            None => ("-", 0),
        };
        println!("{} from {backend}, attempt {attempts}", response.status());
    }
    for backend in backends.snapshot(clock::now()).backends {
        let why = backend.why.and_then(|why| why.cause);
        let why = why.map_or_else(String::new, |cause| cause.to_string());
        println!("{} {} {why}", backend.name, backend.state);
    }

    // The others leave; where nobody can be reached, the failure says what is wrong.
    backends.set_backends(vec![spec(nobody().await?)], clock::now());
    let request = Request::get("/").header("accept", "text/plain");
    let request = request.header("host", "app").body(Empty::new())?;
    let failed = client.ready().await?.call(request).await?;
    println!("{}", failed.status());
    for name in ["x-error-code", "soe-cause", "proxy-status", "retry-after"] {
        if let Some(value) = failed.headers().get(name) {
            println!("{name}: {}", value.to_str()?);
        }
    }
    let explanation = failed.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&explanation));
    Ok(())
}

/// What reaches one backend. It makes no attempts of its own: they would be beside the budget, and unseen by the breaker.
fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new())
        .retry_canceled_requests(false)
        .build_http()
}

/// The client, asked for whatever has been asked of `address`.
fn backend(
    address: String,
) -> impl Service<Request<Body>, Response = Response<Incoming>, Error = BoxError, Future: Send> + Clone
{
    let client = client();
    service_fn(move |mut request: Request<Body>| {
        let (client, address) = (client.clone(), address.clone());
        async move {
            let path = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            *request.uri_mut() = format!("http://{address}{path}").parse()?;
            Ok::<_, BoxError>(client.request(request).await?)
        }
    })
}

async fn serve(name: &'static str) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let app = Router::new().route("/", get(move || async move { name }));
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}

/// An address where nobody listens.
async fn nobody() -> std::io::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")
        .await?
        .local_addr()?
        .to_string())
}
