//! Where a request belongs, and what a backend says about its load, through the pool layer.

mod support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use soe503::pool::{Affinity, BackendSpec, Backends, Balance, LoadReports, PoolConfig};
use soe503::{Pool, RequestContext, Served, clock};
use soe503_core::pool::Hashing;
use support::{Script, Step, get};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};

type Backend = BoxCloneSyncService<Request<Empty<Bytes>>, Response<Script>, Infallible>;

/// `TEXT` in the head, and `cpu_utilization` 0.75 in gRPC's form in the trailers.
const HEADER: &str = "TEXT cpu_utilization=0.25";
const TRAILER: &str = "CQAAAAAAAOg/";

fn backend(trailers: bool) -> Backend {
    BoxCloneSyncService::new(service_fn(move |_| async move {
        let mut steps = vec![Step::Data("ok")];
        if trailers {
            let mut fields = HeaderMap::new();
            fields.insert("grpc-status", HeaderValue::from_static("0"));
            fields.insert(
                "endpoint-load-metrics-bin",
                HeaderValue::from_static(TRAILER),
            );
            steps.push(Step::Trailers(fields));
        }
        steps.push(Step::End);
        let response = Response::builder().header("endpoint-load-metrics", HEADER);
        Ok(response.body(Script::new(steps)).unwrap())
    }))
}

fn pool(config: PoolConfig, trailers: bool) -> Backends<Backend> {
    let backends = Backends::new("app", config, 1);
    let spec = |name: &str| BackendSpec {
        badge: Some(Affinity::badge(name, &[7; 16])),
        ..BackendSpec::new(name, backend(trailers))
    };
    let specs = ["a", "b", "c", "d"].map(spec).into();
    backends.set_backends(specs, clock::now());
    backends
}

async fn served(backends: &Backends<Backend>, request: Request<Empty<Bytes>>) -> Arc<str> {
    let response = Pool::new(backends.clone()).oneshot(request).await.unwrap();
    let served = response.extensions().get::<Served>().unwrap();
    served.backend.clone().unwrap()
}

#[tokio::test]
async fn a_key_is_an_extension_of_the_request_or_of_its_shared_head() {
    let config = PoolConfig {
        balance: Balance::Maglev(Hashing::DEFAULT),
        ..PoolConfig::default()
    };
    let backends = pool(config, false);
    let mut owners = Vec::new();
    for key in 0..20_u64 {
        let affinity = Affinity::NONE.with_hash(Affinity::hash(&key.to_le_bytes()));
        let own = || {
            let mut request = get();
            request.extensions_mut().insert(affinity);
            request
        };
        let owner = served(&backends, own()).await;
        for _ in 0..5 {
            assert_eq!(served(&backends, own()).await, owner);
            let (mut head, ()) = Request::new(()).into_parts();
            head.extensions.insert(affinity);
            let context = RequestContext::new(clock::now(), true).with_head(Arc::new(head));
            let mut shared = get();
            shared.extensions_mut().insert(context);
            assert_eq!(served(&backends, shared).await, owner);
        }
        owners.push(owner);
    }
    owners.sort();
    owners.dedup();
    assert!(owners.len() > 1, "{owners:?}");
}

#[tokio::test]
async fn a_badge_goes_before_the_policy() {
    let backends = pool(PoolConfig::default(), false);
    for name in ["a", "b", "c", "d"] {
        let badge = backends.backend(name).unwrap().badge.unwrap();
        for _ in 0..5 {
            let mut request = get();
            request
                .extensions_mut()
                .insert(Affinity::NONE.with_badge(badge));
            assert_eq!(&*served(&backends, request).await, name);
        }
    }
}

/// What the client sees of reports in the head and in the trailers, and what the pool knows then.
async fn reports(what: LoadReports, trailers: bool) -> (bool, bool, Option<f64>) {
    let config = PoolConfig {
        load_reports: Some(Duration::from_secs(60)),
        ..PoolConfig::default()
    };
    let backends = pool(config, trailers);
    let layer = Pool::new(backends.clone()).load_reports(what);
    let response = layer.oneshot(get()).await.unwrap();
    let in_head = response.headers().contains_key("endpoint-load-metrics");
    let body = response.into_body().collect().await.unwrap();
    let mut in_trailers = false;
    if let Some(fields) = body.trailers() {
        assert_eq!(fields["grpc-status"], "0");
        in_trailers = fields.contains_key("endpoint-load-metrics-bin");
    }
    let list = backends.backends();
    let known = list.iter().find_map(|b| b.utilization(clock::now()));
    (in_head, in_trailers, known)
}

#[tokio::test]
async fn load_reports_are_taken_passed_on_or_ignored() {
    use LoadReports::{Ignored, PassedOn, Taken};
    assert_eq!(reports(Taken, false).await, (false, false, Some(0.25)));
    assert_eq!(reports(Taken, true).await, (false, false, Some(0.75)));
    assert_eq!(reports(PassedOn, true).await, (true, true, Some(0.75)));
    assert_eq!(reports(Ignored, true).await, (true, true, None));
}
