//! What a service sees of the layers above where the context is hidden, and what they know all the same.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use soe503::circuit_breaker::{Breaker, BreakerConfig};
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::retry::RetryPolicy;
use soe503::stack::Stack;
use soe503::{
    BoxError, CircuitBreakerLayer, ExplainLayer, Explainer, HideContextLayer, Pool, RequestContext,
    RetryLayer, TimeoutLayer, clock,
};
use support::retrying::{budget, policy, retry};
use tower::{Layer, Service, ServiceExt, service_fn};

type Body = Empty<Bytes>;

/// Somebody else's extension.
#[derive(Clone, Debug, PartialEq)]
struct Theirs(u8);

/// What one attempt showed the service at the bottom.
#[derive(Debug, PartialEq)]
struct Seen {
    context: bool,
    theirs: Option<Theirs>,
    extensions: usize,
}

const NOTHING: Seen = Seen {
    context: false,
    theirs: None,
    extensions: 0,
};

type Notes = Arc<Mutex<Vec<Seen>>>;

/// Answers with the statuses in turn, and notes what it is shown.
fn bottom<B>(
    statuses: &'static [u16],
) -> (
    Notes,
    impl Service<Request<B>, Response = Response<Body>, Error = BoxError, Future: Send> + Clone,
) {
    let notes = Notes::default();
    let noted = Arc::clone(&notes);
    let service = service_fn(move |request: Request<B>| {
        let extensions = request.extensions();
        let mut noted = noted.lock().unwrap();
        let status = statuses[noted.len() % statuses.len()];
        noted.push(Seen {
            context: extensions.get::<RequestContext>().is_some(),
            theirs: extensions.get().cloned(),
            extensions: extensions.len(),
        });
        let mut answer = Response::new(Empty::new());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        async { Ok(answer) }
    });
    (notes, service)
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::new(Duration::from_secs(2))
}

fn breaker() -> CircuitBreakerLayer {
    CircuitBreakerLayer::new(Breaker::new("app", BreakerConfig::default(), 1))
}

fn request() -> Request<Body> {
    Request::new(Empty::new())
}

fn with(theirs: u8) -> Request<Body> {
    let mut request = request();
    request.extensions_mut().insert(Theirs(theirs));
    request
}

/// All of these with one service, so that what one request left behind is there for the next.
#[tokio::test(start_paused = true)]
async fn no_attempt_shows_the_context_and_each_shows_what_others_put_there() {
    let (notes, service) = bottom(&[503, 200]);
    let layers = Stack::new().retry(retry()).circuit_breaker(breaker());
    let layers = layers.build().unwrap();
    let service = layers.hide_context().service(service);
    let others = Seen {
        theirs: Some(Theirs(1)),
        extensions: 1,
        ..NOTHING
    };
    for (request, expected) in [
        (request(), &NOTHING),
        (with(1), &others),
        (request(), &NOTHING),
    ] {
        let answer = service.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "it was tried again");
        let seen = std::mem::take(&mut *notes.lock().unwrap());
        assert_eq!(seen.iter().collect::<Vec<_>>(), [expected, expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_shown_where_it_is_not_hidden() {
    let (notes, service) = bottom(&[200]);
    let layers = Stack::new().timeout(timeout()).build().unwrap();
    layers.service(service).oneshot(request()).await.unwrap();
    let seen = Seen {
        context: true,
        extensions: 1,
        ..NOTHING
    };
    assert_eq!(*notes.lock().unwrap(), [seen]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_whose_layers_make_none_hides_none() {
    let (notes, service) = bottom(&[200]);
    let layers = Stack::new().circuit_breaker(breaker()).build().unwrap();
    let service = layers.hide_context().service(service);
    service.clone().oneshot(request()).await.unwrap();
    service.oneshot(with(7)).await.unwrap();
    let [first, second] = &std::mem::take(&mut *notes.lock().unwrap())[..] else {
        panic!("two");
    };
    assert_eq!(
        (first, second.theirs.as_ref()),
        (&NOTHING, Some(&Theirs(7)))
    );
}

/// The outer stack gives the request a second; the inner one, which hides, would give it two.
#[tokio::test(start_paused = true)]
async fn what_an_outer_stack_says_holds_within() {
    let hung = service_fn(|request: Request<Body>| {
        assert!(request.extensions().is_empty());
        std::future::pending::<Result<Response<Body>, BoxError>>()
    });
    let inner = Stack::new().timeout(timeout()).build().unwrap();
    let inner = inner.hide_context().service(hung);
    let outer = TimeoutLayer::new(Duration::from_secs(1)).layer(inner);
    let began = tokio::time::Instant::now();
    outer.oneshot(request()).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

/// A second after one request, the next has its own two seconds: what is used again is made anew.
#[tokio::test(start_paused = true)]
async fn a_request_knows_nothing_of_the_one_before() {
    let layers = Stack::new()
        .explain(ExplainLayer::new(Explainer::builder("edge").build()))
        .timeout(timeout());
    let layers = layers.build().unwrap().hide_context();
    let (_, well) = bottom(&[200]);
    layers.service(well).oneshot(request()).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    let hung =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, BoxError>>());
    let began = tokio::time::Instant::now();
    let answer = layers.service(hung).oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), 504);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

/// The head of such a request is in the context alone.
#[tokio::test(start_paused = true)]
async fn a_head_that_is_shared_stays() {
    let (notes, service) = bottom(&[200]);
    let layers = Stack::new().timeout(timeout()).build().unwrap();
    let (head, ()) = Request::new(()).into_parts();
    let context = RequestContext::new(clock::now(), true).with_head(Arc::new(head));
    let mut request = request();
    request.extensions_mut().insert(context);
    let service = layers.hide_context().service(service);
    service.oneshot(request).await.unwrap();
    assert!(notes.lock().unwrap()[0].context);
}

/// Around the backends of a pool it hides the context from them, and not from the pool: that knows whom it has asked.
#[tokio::test(start_paused = true)]
async fn a_pool_knows_what_its_backends_do_not() {
    let backends = Backends::new("app", PoolConfig::default(), 1);
    let (notes, specs): (Vec<_>, Vec<_>) = (0..2)
        .map(|n| {
            let (notes, service) = bottom(&[503]);
            let hidden = HideContextLayer::new().layer(service);
            (notes, BackendSpec::new(n.to_string(), hidden))
        })
        .unzip();
    backends.set_backends(specs, clock::now());
    let policy = RetryPolicy {
        attempts: 2,
        ..policy()
    };
    let service = RetryLayer::new(budget(), policy).layer(Pool::new(backends));
    service.oneshot(request()).await.unwrap();
    for notes in notes {
        assert_eq!(*notes.lock().unwrap(), [NOTHING], "each is asked once");
    }
}
