//! An outgoing client: three backends, one of which is down, behind the whole stack.
//! Run it: every request succeeds, and the pool says which backend is out and why.

use std::error::Error;
use std::time::Duration;

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::{BudgetConfig, RetryBudget, RetryPolicy};
use soe503::{
    BoxError, CircuitBreakerLayer, ExplainLayer, Explainer, Pool, ReplayBody, RetryLayer, Served,
    TimeoutLayer, clock,
};
use tokio::net::{TcpListener, TcpStream};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

type Body = ReplayBody<Empty<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let addresses = [serve("one").await?, serve("two").await?, nobody().await?];
    let backends = Backends::new("app", PoolConfig::default(), fastrand::u64(..));
    let spec = |address: String| BackendSpec::new(address.clone(), connector(address));
    backends.set_backends(addresses.into_iter().map(spec).collect(), clock::now());

    let mut client = ServiceBuilder::new()
        .layer(ExplainLayer::new(Explainer::builder("client").build()))
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .layer(RetryLayer::new(
            RetryBudget::new("app", BudgetConfig::default()),
            RetryPolicy::default(),
        ))
        .layer(CircuitBreakerLayer::new(Breaker::new(
            "app",
            BreakerConfig::default(),
            1,
        )))
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
        let why = backend
            .why
            .map_or_else(String::new, |why| format!("{:?}", why.cause));
        println!("{} {} {why}", backend.name, backend.state);
    }
    Ok(())
}

/// What reaches one backend: a connection per request, to keep the example short.
fn connector(
    address: String,
) -> impl Service<Request<Body>, Response = Response<Incoming>, Error = BoxError, Future: Send> + Clone
{
    service_fn(move |request: Request<Body>| {
        let address = address.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            Ok::<_, BoxError>(sender.send_request(request).await?)
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
