//! Which answers have a template, and what of it each request has for itself.

use std::num::NonZeroU32;
use std::time::Duration;

use soe503_core::explain::{Exposure, Format, Template};
use soe503_core::ledger::{Fault, Phase, Refusal};
use soe503_core::rate::{Quota, RateConfig, RateLimit};
use soe503_core::{Cause, Tick};

use crate::situations::{EXPOSURES, all_refused_and_open};
use crate::template::{Headers, told};

/// The others are written once for all of them.
#[test]
fn a_requests_own_headers_are_those_in_which_two_differ() {
    for exposure in EXPOSURES {
        let situation = all_refused_and_open();
        let one = situation.telling(exposure);
        let mut other = one;
        other.request_id = "01KAPX3Q8W";
        other.elapsed += Duration::from_millis(7);
        let template = Template::of(&one, Format::ProblemJson).unwrap();
        let (_, before, _) = told(&one, Format::ProblemJson);
        let (_, mut differ, _) = told(&other, Format::ProblemJson);
        differ.retain(|name, value| before[name] != *value);
        let own: Headers = template.own(&other).collect();
        assert_eq!(own, differ, "{exposure:?}");
    }
}

/// Strangers are not told how much of the pool is concerned, and need no other answer where that changes.
#[test]
fn what_strangers_are_not_told_makes_no_difference_to_them() {
    for (exposure, fits) in [(Exposure::Public, true), (Exposure::Internal, false)] {
        let situation = all_refused_and_open();
        let template = Template::of(&situation.telling(exposure), Format::ProblemJson).unwrap();
        let mut other = situation;
        other.diagnosis.scope.backends_affected = Some(2);
        let other = other.telling(exposure);
        assert_eq!(template.fits(&other, Format::ProblemJson), fits);
    }
}

/// What is told of them is not the same for all: how much is left of whose quota, until when maintenance lasts.
#[test]
fn quotas_windows_and_failures_are_told_one_at_a_time() {
    let quota = Quota::new(NonZeroU32::MIN, Duration::from_secs(1));
    let limit = RateLimit::new("search", RateConfig::new(quota));
    let key = limit.key("a");
    limit.take(key, Tick::ZERO).unwrap();
    let limited = limit.take(key, Tick::ZERO).unwrap_err();
    let full = Cause::OverloadQueueFull;
    for (fault, alike) in [
        (None, true),
        (Some(Fault::Refused(Refusal::Policy(full))), true),
        (
            Some(Fault::Refused(Refusal::RateLimited(limited.into()))),
            false,
        ),
        (Some(Fault::Errno(24)), false),
    ] {
        let mut situation = all_refused_and_open();
        situation.diagnosis.fault = fault;
        let telling = situation.telling(Exposure::Public);
        let template = Template::of(&telling, Format::ProblemJson);
        assert_eq!(template.is_some(), alike, "{:?}", telling.diagnosis.fault);
        assert!(Template::of(&telling, Format::Text).is_none());
    }
}

/// A trace, or an attempt that reached a backend.
#[test]
fn what_is_one_requests_own_makes_its_answer_its_own() {
    let situation = all_refused_and_open();
    let mut traced = situation.telling(Exposure::Public);
    traced.trace_id = Some("7d1f");
    assert!(Template::of(&traced, Format::ProblemJson).is_none());
    for (phase, status) in [(Phase::Connect, None), (Phase::Queue, Some(503))] {
        let mut reached = all_refused_and_open();
        let last = reached.ledger.attempts.last_mut().unwrap();
        (last.phase, last.status) = (phase, status);
        let telling = reached.telling(Exposure::Public);
        assert!(Template::of(&telling, Format::ProblemJson).is_none());
    }
}
