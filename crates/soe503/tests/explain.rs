//! What a client is told, and who else hears of it.

mod support;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use soe503::explain::{Explained, Exposure, FailureRecord, Record};
use soe503::{BoxError, ExplainLayer, Explainer, clock, facts};
use soe503_core::Cause;
use soe503_core::diagnosis::Diagnosis;
use soe503_core::ledger::{Attempt, Phase};
use support::explaining::{explainer, failing, header, text};
use support::{REFUSED, RESET, Script, Step, get, request, status};
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn an_answer_has_every_header_of_the_contract() {
    let response = failing(explainer(), get(), RESET).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(header(&response, "x-error-code"), "SOE-502");
    assert!(
        header(&response, "soe-cause").starts_with("dependency_failure/reset_before_response;")
    );
    assert!(header(&response, "proxy-status").starts_with("edge-eu1;error=connection_terminated"));
    assert_eq!(header(&response, "x-request-id").len(), 26);
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert_eq!(header(&response, "soe-attempts"), "1");
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json"
    );
    assert!(response.headers().contains_key("retry-after"));
    let explained = response.extensions().get::<Explained>().unwrap();
    assert_eq!(explained.cause, Cause::DependencyResetBeforeResponse);
    assert_eq!(explained.attempts, 1);
    let length = response.body().size_hint().exact().unwrap();
    let body = text(response).await;
    assert_eq!(body.len() as u64, length);
    assert!(
        body.contains("\"cause\":\"dependency_failure/reset_before_response\""),
        "{body}"
    );
}

#[tokio::test]
async fn the_client_chooses_the_form() {
    for (accept, content_type) in [
        ("*/*", "application/problem+json"),
        (
            "text/html,application/xhtml+xml",
            "text/html; charset=utf-8",
        ),
        ("text/markdown", "text/markdown; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
    ] {
        let mut asked = get();
        asked
            .headers_mut()
            .insert("accept", accept.parse().unwrap());
        let response = failing(explainer(), asked, RESET).await;
        assert_eq!(header(&response, "content-type"), content_type, "{accept}");
    }
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    let body = text(failing(explainer(), request("GET", ()), RESET).await).await;
    let response = failing(explainer(), request("HEAD", ()), RESET).await;
    assert_eq!(header(&response, "x-error-code"), "SOE-502");
    assert!(response.body().is_end_stream());
    let announced: usize = header(&response, "content-length").parse().unwrap();
    assert!(
        announced.abs_diff(body.len()) < 16,
        "{announced}, GET has {}",
        body.len()
    );
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn grpc_gets_trailers_only() {
    let mut asked = request("POST", ());
    asked
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    let response = failing(explainer(), asked, REFUSED).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "grpc-status"), "14");
    assert!(response.body().is_end_stream());
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_any_other_replaced() {
    for (sent, kept) in [
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", true),
        ("a", true),
        (&"x".repeat(64), true),
        (&"x".repeat(65), false),
        ("", false),
        ("two words", false),
        ("\"quoted\"", false),
        ("<script>", false),
    ] {
        let mut asked = get();
        asked
            .headers_mut()
            .insert("x-request-id", sent.parse().unwrap());
        let response = failing(explainer(), asked, RESET).await;
        let told = header(&response, "x-request-id");
        assert_eq!(told == sent, kept, "{sent:?} became {told:?}");
        // Replaced, and not made to fit.
        assert!(kept || !sent.starts_with(told), "{sent:?} became {told:?}");
        assert!(!told.is_empty());
    }
}

#[tokio::test]
async fn how_much_is_told_depends_on_the_reader() {
    let public = failing(explainer(), get(), RESET).await;
    assert!(!public.headers().contains_key("server-timing"));
    let full = Explainer::builder("edge-eu1")
        .exposure(Exposure::Full)
        .build();
    let full = failing(full, get(), RESET).await;
    assert!(full.headers().contains_key("server-timing"));
    let mut asked = get();
    asked.extensions_mut().insert(Exposure::Internal);
    let internal = failing(explainer(), asked, RESET).await;
    assert!(
        internal.headers().contains_key("server-timing"),
        "the request's own level"
    );
}

/// A backend's own 5xx: one more member in `Proxy-Status`, and not a byte else.
#[tokio::test]
async fn what_the_backend_said_is_passed_on() {
    for (code, existing, expected) in [
        (200, None, ""),
        (404, None, ""),
        (503, None, "edge-eu1;received-status=503"),
        (
            500,
            Some("mesh;error=dns_error"),
            "mesh;error=dns_error, edge-eu1;received-status=500",
        ),
    ] {
        let backend = service_fn(move |_: Request<Empty<Bytes>>| async move {
            let mut response = status(code);
            if let Some(existing) = existing {
                response
                    .headers_mut()
                    .insert("proxy-status", existing.parse().unwrap());
            }
            Ok::<_, BoxError>(response)
        });
        let service = ExplainLayer::new(explainer()).layer(backend);
        let response = service.oneshot(get()).await.unwrap();
        assert_eq!(response.status(), code);
        assert_eq!(header(&response, "proxy-status"), expected);
        assert!(
            !response.headers().contains_key("x-error-code"),
            "never tagged as ours"
        );
        assert!(response.extensions().get::<Explained>().is_none());
        assert_eq!(text(response).await, "said");
    }
}

#[derive(Clone, Default)]
struct Book {
    records: Arc<Mutex<Vec<FailureRecord>>>,
    passed_on: bool,
}

impl Record for Book {
    fn record(&self, failure: FailureRecord) {
        self.records.lock().unwrap().push(failure);
    }

    fn incident(&self, _: &Diagnosis) -> Option<Arc<str>> {
        Some("01KAPX3Q".into())
    }

    fn passed_on(&self) -> bool {
        self.passed_on
    }
}

#[tokio::test]
async fn every_failure_is_recorded_once() {
    let book = Book::default();
    let explainer = Explainer::builder("edge-eu1").record(book.clone()).build();
    let mut asked = request("DELETE", ());
    asked
        .headers_mut()
        .insert("host", "shop.example".parse().unwrap());
    asked
        .headers_mut()
        .insert("x-request-id", "r-1".parse().unwrap());
    let response = failing(explainer, asked, RESET).await;
    assert!(header(&response, "soe-cause").contains("inc=\"01KAPX3Q\""));
    let records = book.records.lock().unwrap();
    let [record] = &records[..] else {
        panic!("{} records", records.len());
    };
    assert_eq!(&*record.request_id, "r-1");
    assert_eq!(
        (record.method.as_str(), record.uri.path()),
        ("DELETE", "/path")
    );
    assert_eq!(record.host.as_ref().unwrap(), "shop.example");
    assert_eq!((record.status, record.passed_on), (502, false));
    assert_eq!(
        record.diagnosis.primary,
        Cause::DependencyResetBeforeResponse
    );
    assert_eq!(record.ledger.attempts.len(), 1);
    let seconds = record.retry_after.map(|seconds| seconds.to_string());
    assert_eq!(seconds.as_deref(), Some(header(&response, "retry-after")));
}

#[tokio::test]
async fn what_is_passed_on_is_recorded_if_wanted() {
    for (passed_on, expected) in [(false, 0), (true, 1)] {
        let book = Book {
            passed_on,
            ..Book::default()
        };
        let explainer = Explainer::builder("edge-eu1").record(book.clone()).build();
        let backend =
            service_fn(|_: Request<Empty<Bytes>>| async { Ok::<_, BoxError>(status(503)) });
        ExplainLayer::new(explainer)
            .layer(backend)
            .oneshot(get())
            .await
            .unwrap();
        let records = book.records.lock().unwrap();
        assert_eq!(records.len(), expected);
        if let Some(record) = records.first() {
            assert!(record.passed_on);
            assert_eq!(record.diagnosis.primary, Cause::DependencyUpstream503);
        }
    }
}

/// A head that was good may be all that comes: nobody can be told any more, but for the one who asks for the record.
#[tokio::test]
async fn an_answer_that_breaks_off_is_recorded_if_wanted() {
    for (passed_on, expected) in [(false, 0), (true, 1)] {
        let book = Book {
            passed_on,
            ..Book::default()
        };
        let explainer = Explainer::builder("edge-eu1").record(book.clone()).build();
        let steps = || Script::new([Step::Data("a"), Step::Error(104)]);
        let backend = service_fn(move |_: Request<Empty<Bytes>>| async move {
            Ok::<_, BoxError>(Response::new(steps()))
        });
        let answer = ExplainLayer::new(explainer).layer(backend).oneshot(get());
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(book.records.lock().unwrap().len(), 0, "all is well so far");
        assert!(answer.into_body().collect().await.is_err());
        let records = book.records.lock().unwrap();
        assert_eq!(records.len(), expected);
        if let Some(record) = records.first() {
            assert_eq!((record.status, record.passed_on), (200, true));
            let told = &record.diagnosis;
            assert_eq!(told.primary, Cause::DependencyResponseTruncated);
            let attempt = record.ledger.last().unwrap();
            assert_eq!((attempt.phase, attempt.status), (Phase::Body, Some(200)));
        }
    }
}

/// A body that ends well, or that its client does not want any more, is no failure.
#[tokio::test]
async fn an_answer_that_ends_or_is_dropped_is_not_recorded() {
    let book = Book {
        passed_on: true,
        ..Book::default()
    };
    let explainer = Explainer::builder("edge-eu1").record(book.clone()).build();
    for whole in [true, false] {
        let backend = service_fn(|_: Request<Empty<Bytes>>| async {
            Ok::<_, BoxError>(Response::new(Script::new([Step::Data("a"), Step::End])))
        });
        let answer = ExplainLayer::new(explainer.clone()).layer(backend);
        let answer = answer.oneshot(get()).await.unwrap();
        if whole {
            answer.into_body().collect().await.unwrap();
        }
    }
    assert_eq!(book.records.lock().unwrap().len(), 0);
}

/// Nobody waits for the answer: its failure is told to nobody else either.
#[tokio::test]
async fn what_happens_in_the_background_is_not_recorded() {
    for (in_shared, in_own, records) in [(false, false, 1), (true, false, 0), (false, true, 0)] {
        let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counter = Arc::clone(&count);
        let explainer = Explainer::builder("edge-eu1")
            .record(move |_: FailureRecord| {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            })
            .build();
        let mut request = Request::new(());
        if in_shared {
            let mut head = Request::new(()).into_parts().0;
            head.extensions.insert(soe503::explain::Background);
            let context = soe503::RequestContext::new(soe503::clock::now(), true);
            let context = context.with_head(Arc::new(head));
            request.extensions_mut().insert(context);
        }
        if in_own {
            request.extensions_mut().insert(soe503::explain::Background);
        }
        let answer = failing(explainer, request, RESET).await;
        assert_eq!(answer.status(), 502);
        let seen = count.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(
            seen, records,
            "in the shared head: {in_shared}; its own: {in_own}"
        );
    }
}

/// A backend that writes our fields itself: they stay only if the service below says that it is one of us.
#[tokio::test]
async fn nobody_speaks_in_our_name() {
    for (of_proxy, told) in [(false, 0), (true, 3)] {
        let backend = service_fn(move |_: Request<Empty<Bytes>>| async move {
            let mut response = status(503);
            let fields = [
                ("soe-cause", "overload/queue_full"),
                ("x-error-code", "SOE-503"),
                ("soe-anything", "1"),
                ("retry-after", "3"),
            ];
            for (name, value) in fields {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            let mut attempt = Attempt::begin(1, clock::now());
            if of_proxy {
                facts::of_proxy(response.headers(), &mut attempt);
            }
            response.extensions_mut().insert(attempt);
            Ok::<_, BoxError>(response)
        });
        let service = ExplainLayer::new(explainer()).layer(backend);
        let response = service.oneshot(get()).await.unwrap();
        let names = ["soe-cause", "x-error-code", "soe-anything"];
        let headers = response.headers();
        let left = names.iter().filter(|name| headers.contains_key(**name));
        assert_eq!(left.count(), told);
        assert_eq!(header(&response, "retry-after"), "3");
        assert_eq!(header(&response, "soe-attempts"), "1");
    }
}
