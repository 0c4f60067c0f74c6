//! What a pool tells of an attempt to those around it.

mod support;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use soe503::pool::{BackendSpec, Backends, PoolConfig};
use soe503::{BoxError, Pool, RequestContext, Served, clock};
use support::{empty, get};
use tower::{ServiceExt, service_fn};

/// Quiet is about first attempts that succeed: whoever tries again has to know where it was.
#[tokio::test(start_paused = true)]
async fn quiet_says_nothing_of_first_successes_only() {
    for (quiet, number, status, told) in [
        (false, 1, 200, true),
        (true, 1, 200, false),
        (true, 1, 503, true),
        (true, 2, 200, true),
    ] {
        let answers = service_fn(move |_: Request<Empty<Bytes>>| async move {
            Ok::<Response<Empty<Bytes>>, BoxError>(empty(status))
        });
        let backends = Backends::new("app", PoolConfig::default(), 1);
        backends.set_backends(vec![BackendSpec::new("a", answers)], clock::now());
        let mut request = get();
        RequestContext::of(&mut request).number = number;
        let pool = Pool::new(backends).quiet(quiet);
        let answer = pool.oneshot(request).await.unwrap();
        let served = answer.extensions().get::<Served>();
        let row = format!("quiet {quiet}, attempt {number}, {status}");
        assert_eq!(served.is_some(), told, "{row}");
        assert!(served.is_none_or(|served| served.backend.as_deref() == Some("a")));
    }
}
