//! A greeter: what a generator would make of
//!
//! ```proto
//! service Greeter { rpc Greet(Name) returns (Greeting); }
//! message Name { string name = 1; }
//! message Greeting { string text = 1; }
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::PathAndQuery;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::server::{NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// Who is to be greeted.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Name {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// A greeting.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Greeting {
    /// Its words.
    #[prost(string, tag = "1")]
    pub text: String,
}

/// The service. Whoever is called `slow` waits for a minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greeter;

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl NamedService for Greeter {
    const NAME: &'static str = "example.Greeter";
}

impl tower::Service<http::Request<Body>> for Greeter {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<Greeting, Name>::default());
            Ok(match request.uri().path() {
                "/example.Greeter/Greet" => grpc.unary(Self, request).await,
                _ => Status::unimplemented("there is only Greet").into_http(),
            })
        })
    }
}

impl UnaryService<Name> for Greeter {
    type Response = Greeting;
    type Future = Answer<Result<Response<Greeting>, Status>>;

    fn call(&mut self, request: Request<Name>) -> Self::Future {
        Box::pin(async move {
            let name = request.into_inner().name;
            if name == "slow" {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            let text = format!("hello, {name}");
            Ok(Response::new(Greeting { text }))
        })
    }
}

/// Calls `Greet` by way of `channel`, which is a channel or a stack around one.
///
/// # Errors
/// The status that it ends with.
pub async fn greet<S>(channel: S, name: &str) -> Result<String, Status>
where
    S: GrpcService<Body>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tower::BoxError>,
{
    let mut grpc = tonic::client::Grpc::new(channel);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unknown(error.into().to_string()))?;
    let request = Request::new(Name { name: name.into() });
    let path = PathAndQuery::from_static("/example.Greeter/Greet");
    let codec = ProstCodec::<Name, Greeting>::default();
    let response = grpc.unary(request, path, codec).await?;
    Ok(response.into_inner().text)
}

/// Prints a status with what it says about its cause.
pub fn print(failed: &Status) {
    println!("{:?}: {}", failed.code(), failed.message());
    for name in [
        "x-error-code",
        "soe-cause",
        "proxy-status",
        "grpc-retry-pushback-ms",
    ] {
        if let Some(value) = failed.metadata().get(name) {
            println!("{name}: {}", value.to_str().unwrap_or("?"));
        }
    }
}
