use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, header};

use super::{Again, Offer, StaleCache, StaleConfig};
use crate::explain::Keep;

const SWR: &str = "max-age=10, stale-while-revalidate=30";

fn cache() -> StaleCache {
    StaleCache::new(
        "shop",
        StaleConfig {
            revalidate: true,
            ..StaleConfig::default()
        },
    )
}

fn ask(method: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/page");
    request = request.header("host", "shop.example");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get() -> Parts {
    ask("GET", &[])
}

fn fields(of: &[(&'static str, &str)]) -> HeaderMap {
    let of = of.iter();
    of.map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
        .collect()
}

/// `cache` keeps an answer with these fields.
fn keep(
    cache: &StaleCache,
    request: &Parts,
    of: &[(&'static str, &str)],
    body: &'static str,
) -> bool {
    let Some(mut tape) = cache.keep(request, StatusCode::OK, &fields(of)) else {
        return false;
    };
    tape.data(&body.into());
    tape.end();
    true
}

async fn after(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// `None`: a backend is asked; else the body, and whether it is to be asked for again.
fn offered(cache: &StaleCache, request: &Parts) -> Option<(String, Option<Again>)> {
    let Offer { answer, again } = cache.offer(request)?;
    let body = String::from_utf8(answer.body().to_vec()).unwrap();
    Some((body, again))
}

#[tokio::test(start_paused = true)]
async fn fresh_then_stale_then_not_at_all() {
    let cache = cache();
    assert!(cache.offer(&get()).is_none());
    assert!(keep(&cache, &get(), &[("cache-control", SWR)], "one"));
    for (seconds, given, again) in [
        (0, true, false),
        (9, true, false),
        (2, true, true),
        (28, true, true),
        (2, false, false),
    ] {
        after(seconds).await;
        let offer = offered(&cache, &get());
        assert_eq!(offer.is_some(), given, "after {seconds} more");
        let asks = offer.is_some_and(|(_, again)| again.is_some());
        assert_eq!(asks, again, "after {seconds} more");
    }
    assert_eq!(cache.snapshot().offered, 4);
    assert_eq!(cache.snapshot().revalidations, 2);
    // It still stands in for a failure.
    assert!(cache.recall(&get()).is_some());
}

#[tokio::test(start_paused = true)]
async fn age_and_status_are_told() {
    let cache = cache();
    keep(&cache, &get(), &[("cache-control", SWR)], "one");
    after(12).await;
    let answer = cache.offer(&get()).unwrap().answer;
    assert_eq!(answer.headers()["age"], "12");
    assert_eq!(answer.headers()["cache-status"], "\"shop\"; hit; ttl=-2");
    assert!(!answer.headers().contains_key("x-soe-degraded"));
    let head = cache.offer(&ask("HEAD", &[])).unwrap().answer;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "3");
    assert!(head.body().is_empty());
}

/// What an answer says, whether it is given fresh, and whether it is given stale.
#[tokio::test(start_paused = true)]
async fn what_answers_say() {
    for (control, fresh, stale) in [
        (SWR, true, true),
        ("max-age=10", false, false),
        ("max-age=10, stale-if-error=30", false, false),
        ("max-age=10, stale-while-revalidate=0", true, false),
        (
            "max-age=10, stale-while-revalidate=30, must-revalidate",
            true,
            false,
        ),
        (
            "max-age=10, stale-while-revalidate=30, proxy-revalidate",
            false,
            false,
        ),
        // RFC 9111 §5.2.2.10: implies proxy-revalidate.
        ("s-maxage=10, stale-while-revalidate=30", true, false),
        ("no-cache, stale-while-revalidate=30", false, false),
        (
            "no-store, max-age=10, stale-while-revalidate=30",
            false,
            false,
        ),
        (
            "private, max-age=10, stale-while-revalidate=30",
            false,
            false,
        ),
        ("max-age=0, stale-while-revalidate=30", false, true),
    ] {
        let cache = cache();
        keep(&cache, &get(), &[("cache-control", control)], "one");
        after(2).await;
        let given = cache.offer(&get());
        assert_eq!(
            given.is_some_and(|offer| offer.again.is_none()),
            fresh,
            "{control}"
        );
        after(10).await;
        assert_eq!(cache.offer(&get()).is_some(), stale, "{control}");
    }
}

/// What a request says, and whether it is given a fresh answer, and a stale one.
#[tokio::test(start_paused = true)]
async fn what_requests_say() {
    for (method, said, fresh, stale) in [
        ("GET", &[][..], true, true),
        ("POST", &[], false, false),
        ("GET", &[("cache-control", "no-cache")], false, false),
        ("GET", &[("pragma", "no-cache")], false, false),
        ("GET", &[("cache-control", "max-age=5")], true, false),
        ("GET", &[("cache-control", "max-age=0")], false, false),
        ("GET", &[("accept-language", "fr")], false, false),
    ] {
        let cache = cache();
        let de = ask("GET", &[("accept-language", "de")]);
        let vary = [("cache-control", SWR), ("vary", "accept-language")];
        keep(&cache, &de, &vary, "eins");
        let own = said.iter().any(|(name, _)| *name == "accept-language");
        let mut all = said.to_vec();
        if !own {
            all.push(("accept-language", "de"));
        }
        let request = ask(method, &all);
        after(2).await;
        assert_eq!(cache.offer(&request).is_some(), fresh, "{method} {said:?}");
        after(10).await;
        assert_eq!(cache.offer(&request).is_some(), stale, "{method} {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_if_it_is_switched_on() {
    let cache = StaleCache::new("shop", StaleConfig::default());
    keep(&cache, &get(), &[("cache-control", SWR)], "one");
    assert!(cache.offer(&get()).is_none());
}

#[tokio::test(start_paused = true)]
async fn one_asks_at_a_time() {
    let cache = cache();
    keep(&cache, &get(), &[("cache-control", SWR)], "one");
    after(11).await;
    let (_, first) = offered(&cache, &get()).unwrap();
    let first = first.unwrap();
    assert!(offered(&cache, &get()).unwrap().1.is_none());
    // It came to nothing: the next one asks.
    drop(first);
    assert!(offered(&cache, &get()).unwrap().1.is_some());
}

#[tokio::test(start_paused = true)]
async fn of_many_only_so_many_at_once() {
    let cache = cache();
    let page = |number: u32| {
        let mut request = get();
        request.uri = format!("/{number}").parse().unwrap();
        request
    };
    for number in 0..70 {
        keep(&cache, &page(number), &[("cache-control", SWR)], "one");
    }
    after(11).await;
    let given: Vec<_> = (0..70)
        .filter_map(|number| cache.offer(&page(number)))
        .collect();
    assert_eq!(given.len(), 70);
    assert_eq!(
        given.iter().filter(|offer| offer.again.is_some()).count(),
        64
    );
    drop(given);
    assert!(cache.offer(&page(69)).unwrap().again.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_answer_is_as_good_as_new() {
    for (said, confirmed) in [
        (&[("etag", "\"1\""), ("cache-control", SWR)][..], true),
        (&[("etag", "\"1\"")], true),
        // About another answer.
        (&[("etag", "\"2\"")], false),
        // It may not be kept any more.
        (&[("etag", "\"1\""), ("cache-control", "no-store")], false),
    ] {
        let cache = cache();
        let first = [
            ("cache-control", SWR),
            ("etag", "\"1\""),
            ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT"),
            ("x-said", "first"),
        ];
        keep(&cache, &get(), &first, "one");
        after(11).await;
        let (_, again) = offered(&cache, &get()).unwrap();
        let again = again.unwrap();
        let mut asked = ask(
            "GET",
            &[("if-none-match", "\"client\""), ("range", "bytes=0-1")],
        );
        again.conditions(&mut asked.headers);
        assert_eq!(asked.headers[header::IF_NONE_MATCH], "\"1\"");
        assert_eq!(
            asked.headers[header::IF_MODIFIED_SINCE],
            "Tue, 15 Nov 1994 12:45:26 GMT"
        );
        assert!(!asked.headers.contains_key(header::RANGE));
        again.confirmed(&asked, &fields(said));
        drop(again);
        let Offer { answer, again } = cache.offer(&get()).unwrap();
        assert_eq!(again.is_none(), confirmed, "{said:?}");
        assert_eq!(&**answer.body(), b"one");
        assert_eq!(answer.headers()["x-said"], "first");
        let age = answer.headers()["age"].to_str().unwrap();
        assert_eq!(age == "0", confirmed, "{said:?}: {age}");
    }
}
