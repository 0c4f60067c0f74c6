//! What ends a request in front of its pool: rate limits, throttles, planned maintenance.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use serde_json::Value;
use sfv::{BareItem, List, ListEntry, Parser};
use soe503_core::diagnosis::{Context, Level};
use soe503_core::explain::{Exposure, Format, RetryInputs, Told, retry_after, tell};
use soe503_core::ledger::{Attempt, Fault, Refusal};
use soe503_core::maintenance::Notice;
use soe503_core::rate::{Quota, RateConfig, RateLimit};
use soe503_core::throttle::{Throttle, ThrottleConfig};
use soe503_core::{Cause, Tick};

use crate::situations::{AT, EXPOSURES, FORMATS, Situation};

const NASTY: &str = "a\r\nx: y\u{202e}\"; r=9 \\<b>ü";

fn refused(refusal: Refusal) -> Situation {
    let now = Tick::from_secs(100);
    let attempt = Attempt {
        fault: Some(Fault::Refused(refusal)),
        ..Attempt::begin(1, now)
    };
    let mut context = Context::new(now);
    context.pool = Some("payroll".into());
    Situation::new(vec![attempt], &context)
}

/// A caller whose quota of ten a minute is used up.
fn limited(name: &str) -> Situation {
    let quota = Quota::new(NonZeroU32::new(10).unwrap(), Duration::from_secs(60));
    let limit = RateLimit::new(name, RateConfig::new(quota.with_burst(NonZeroU32::MIN)));
    let key = limit.key("a");
    let _ = limit.take(key, Tick::ZERO).unwrap();
    let limited = limit.take(key, Tick::from_millis(1)).unwrap_err();
    refused(Refusal::RateLimited(Arc::new(limited)))
}

fn interrupted(words: &str, end: Option<i64>) -> Situation {
    refused(Refusal::Maintenance(Arc::new(Notice {
        target: "payroll".into(),
        reason: words.into(),
        by: "ops".into(),
        link: Some("https://status.example/".into()),
        start: AT - 60,
        end,
    })))
}

fn throttled() -> Situation {
    let throttle = Throttle::new("payroll", ThrottleConfig::default());
    for _ in 0..50 {
        throttle.admit(Tick::ZERO, 0.0).unwrap();
        throttle.refused(Tick::ZERO);
    }
    let held = throttle.admit(Tick::ZERO, 0.0).unwrap_err();
    refused(Refusal::Throttled(held))
}

fn told(situation: &Situation, exposure: Exposure, format: Format) -> Told {
    let mut telling = situation.telling(exposure);
    telling.retry_after = Some(7);
    if situation.diagnosis.primary == Cause::OverloadRateLimited {
        telling.status = Some(429);
    }
    tell(&telling, format)
}

fn document(situation: &Situation, exposure: Exposure) -> Value {
    let told = told(situation, exposure, Format::ProblemJson);
    serde_json::from_str(&told.body).unwrap()
}

/// The string and the integers of the only member.
fn member(value: &str) -> (String, Vec<(String, i64)>) {
    let list: List = Parser::new(value).parse().unwrap();
    let [ListEntry::Item(item)] = &list[..] else {
        panic!("{value}");
    };
    let BareItem::String(name) = &item.bare_item else {
        panic!("{value}");
    };
    let parameters = item.params.iter().map(|(key, value)| match value {
        BareItem::Integer(number) => (key.as_str().to_owned(), i64::from(*number)),
        other => panic!("{other:?}"),
    });
    (name.as_str().to_owned(), parameters.collect())
}

#[test]
fn the_fields_of_a_rate_limit_parse_whatever_its_name_is() {
    for name in ["api", "", NASTY, &"x".repeat(500)] {
        let situation = limited(name);
        let told = told(&situation, Exposure::Public, Format::ProblemJson);
        assert_eq!(told.status, 429);
        let (policy, parameters) = member(told.header("ratelimit-policy").unwrap());
        let pair = |key: &str, number| (key.to_owned(), number);
        assert_eq!(parameters, [pair("q", 10), pair("w", 60)]);
        let (left, parameters) = member(told.header("ratelimit").unwrap());
        assert_eq!(parameters, [pair("r", 0), pair("t", 6)]);
        assert_eq!(policy, left);
        assert!(policy.len() <= 64 && policy.is_ascii(), "{policy}");
    }
    let document = document(&limited("api"), Exposure::Public);
    assert_eq!(document["violated-policies"][0], "api");
    assert_eq!(limited("api").diagnosis.scope.level, Level::Request);
    // Nobody else has these fields.
    let other = told(&throttled(), Exposure::Full, Format::ProblemJson);
    assert!(other.header("ratelimit").is_none());
}

#[test]
fn retry_after_is_never_before_the_limit_has_room_nor_long_after_a_window() {
    let after = |situation: &Situation, inputs: RetryInputs, random| {
        retry_after(&situation.diagnosis, &inputs, random).unwrap()
    };
    let limit = |seconds| RetryInputs {
        limit_reset: Some(Duration::from_secs(seconds)),
        ..RetryInputs::default()
    };
    let window = |seconds| RetryInputs {
        window_left: Some(Duration::from_secs(seconds)),
        ..RetryInputs::default()
    };
    assert_eq!(after(&limited("api"), limit(1_800), 0.0), 1_800);
    assert_eq!(after(&limited("api"), limit(1_800), 1.0), 2_160);
    let interrupted = interrupted("new disks", None);
    assert_eq!(after(&interrupted, window(14_400), 0.0), 14_400);
    assert_eq!(after(&interrupted, window(14_400), 1.0), 14_460);
    assert_eq!(after(&interrupted, window(10), 1.0), 12);
    assert_eq!(after(&interrupted, RetryInputs::default(), 0.0), 300);
}

#[test]
fn maintenance_says_why_and_until_when_and_who_to_colleagues_only() {
    let situation = interrupted("new disks", Some(AT + 3_600));
    let public = document(&situation, Exposure::Public);
    let told = &public["maintenance"];
    assert_eq!(told["reason"], "new disks");
    assert_eq!(told["since"], "2026-11-22T17:40:08Z");
    assert_eq!(told["until"], "2026-11-22T18:41:08Z");
    assert_eq!(told["link"], "https://status.example/");
    assert!(told.get("by").is_none(), "{public}");
    let detail = public["detail"].as_str().unwrap();
    assert!(
        detail.contains("It ends at 2026-11-22T18:41:08Z."),
        "{detail}"
    );
    assert!(!public.to_string().contains("payroll"), "{public}");
    let internal = document(&situation, Exposure::Internal);
    assert_eq!(internal["maintenance"]["by"], "ops");
    let what = internal["evidence"][0]["what"].as_str().unwrap();
    assert_eq!(
        what,
        "maintenance of payroll since 2026-11-22T17:40:08Z until 2026-11-22T18:41:08Z, by ops: new disks"
    );
    let open = document(&interrupted("a leak", None), Exposure::Internal);
    assert!(open["maintenance"].get("until").is_none(), "{open}");
}

#[test]
fn a_throttle_tells_what_is_behind_it() {
    let document = document(&throttled(), Exposure::Internal);
    assert_eq!(document["cause"], "overload/throttled");
    assert_eq!(document["root"], "overload/upstream_shedding");
    assert_eq!(document["grade"], "proven");
    let what = document["evidence"][0]["what"].as_str().unwrap();
    assert_eq!(
        what,
        "the backends accepted 0 of the last 50 requests: 90% are held back"
    );
}

#[test]
fn nothing_that_operators_wrote_breaks_out() {
    let long = NASTY.repeat(100);
    for situation in [limited(&long), interrupted(&long, Some(i64::MAX))] {
        for exposure in EXPOSURES {
            for format in FORMATS {
                let told = told(&situation, exposure, format);
                assert!(told.body.len() <= 4096, "{}", told.body.len());
                assert!(!told.body.contains(['\u{202e}', '\r']), "{}", told.body);
                if format == Format::Html {
                    assert!(!told.body.contains("<b>ü"), "{}", told.body);
                }
                for (name, value) in &told.headers {
                    let visible = |b: u8| (b' '..=b'~').contains(&b);
                    assert!(value.bytes().all(visible), "{name}: {value}");
                }
            }
        }
    }
}
