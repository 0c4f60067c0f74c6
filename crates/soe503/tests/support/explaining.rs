//! An explain layer over a service that fails as told.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use soe503::{ExplainLayer, Explainer};
use tower::{Layer, ServiceExt, service_fn};

use super::errno;

pub type Told = Response<soe503::explain::ExplainBody<Full<Bytes>>>;

pub fn explainer() -> Explainer {
    Explainer::builder("edge-eu1").build()
}

/// The answer to `request` where everything fails with `errno`.
pub async fn failing<B: Send + 'static>(
    explainer: Explainer,
    request: Request<B>,
    number: i32,
) -> Told {
    let fails =
        service_fn(
            move |_: Request<B>| async move { Err::<Response<Full<Bytes>>, _>(errno(number)) },
        );
    ExplainLayer::new(explainer)
        .layer(fails)
        .oneshot(request)
        .await
        .unwrap()
}

pub async fn text(response: Told) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

pub fn header<'r, B>(response: &'r Response<B>, name: &str) -> &'r str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}
