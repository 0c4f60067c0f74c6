//! The header contract.

use sfv::{BareItem, Item, List, ListEntry, Parser};
use soe503_core::Cause;
use soe503_core::explain::{Exposure, Format, StatusPolicy, Told, is_ours, tell};

use crate::situations::{
    AT, EXPOSURES, FORMATS, Situation, all_refused_and_open, hung, reset_post, with_secrets,
};

fn told(situation: &Situation, exposure: Exposure) -> Told {
    let mut telling = situation.telling(exposure);
    telling.incident_id = Some("01KAPX3Q");
    telling.retry_after = Some(3);
    tell(&telling, Format::ProblemJson)
}

fn header(told: &Told, name: &str) -> String {
    told.header(name)
        .unwrap_or_else(|| panic!("{name} is missing"))
        .to_owned()
}

fn item(text: &str) -> Item {
    Parser::new(text)
        .parse()
        .unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub(crate) fn parameter(item: &Item, key: &str) -> Option<BareItem> {
    item.params
        .iter()
        .find(|(k, _)| k.as_str() == key)
        .map(|(_, v)| v.clone())
}

pub(crate) fn token(item: Option<BareItem>) -> String {
    match item {
        Some(BareItem::Token(token)) => token.as_str().to_owned(),
        other => panic!("no token: {other:?}"),
    }
}

pub(crate) fn last_hop(text: &str) -> Item {
    let list: List = Parser::new(text)
        .parse()
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    match list.last() {
        Some(ListEntry::Item(item)) => item.clone(),
        other => panic!("no item: {other:?}"),
    }
}

#[test]
fn every_header_of_the_contract_is_there() {
    for (situation, code) in [
        (all_refused_and_open(), 503),
        (reset_post(), 502),
        (hung(), 504),
    ] {
        for exposure in EXPOSURES {
            let told = told(&situation, exposure);
            assert_eq!(told.status, code);
            assert_eq!(header(&told, "x-error-code"), format!("SOE-{code}"));
            assert_eq!(header(&told, "retry-after"), "3");
            assert_eq!(header(&told, "x-request-id"), "01KAPX3Q7V");
            assert_eq!(header(&told, "cache-control"), "no-store");
            assert_eq!(header(&told, "content-language"), "en");
            assert_eq!(header(&told, "vary"), "accept");
            let tries = situation.diagnosis.tries.to_string();
            assert_eq!(header(&told, "soe-attempts"), tries);
            let timed = told.header("server-timing").is_some();
            assert_eq!(timed, exposure != Exposure::Public);
            let names: Vec<_> = told.headers.iter().map(|(name, _)| *name).collect();
            assert!(
                names
                    .iter()
                    .all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            );
            assert!(
                !names.contains(&"content-type"),
                "the shell sets it from `content_type`"
            );
        }
    }
}

#[test]
fn soe_cause_is_an_item() {
    let text = header(
        &told(&all_refused_and_open(), Exposure::Public),
        "soe-cause",
    );
    assert_eq!(
        text,
        "circuit_open/consecutive_failures;inc=\"01KAPX3Q\";grade=proven;\
         root=dependency_failure/connect_refused;at=@1795369268"
    );
    let item = item(&text);
    assert_eq!(
        token(Some(item.bare_item.clone())),
        "circuit_open/consecutive_failures"
    );
    assert!(matches!(parameter(&item, "inc"), Some(BareItem::String(_))));
    assert_eq!(token(parameter(&item, "grade")), "proven");
    assert_eq!(
        token(parameter(&item, "root")),
        "dependency_failure/connect_refused"
    );
    let Some(BareItem::Date(date)) = parameter(&item, "at") else {
        panic!("a date");
    };
    assert_eq!(date.unix_seconds(), sfv::integer(AT));
}

/// Without incidents, the request is what to quote; without a root there is none.
#[test]
fn soe_cause_of_a_request_of_its_own() {
    let situation = reset_post();
    let told = tell(&situation.telling(Exposure::Public), Format::ProblemJson);
    assert_eq!(
        header(&told, "soe-cause"),
        "dependency_failure/reset_before_response;inc=\"01KAPX3Q7V\";grade=proven;at=@1795369268"
    );
    assert_eq!(told.header("retry-after"), None);
}

#[test]
fn proxy_status_tells_more_the_closer_the_reader() {
    let situation = reset_post();
    let line = |exposure| header(&told(&situation, exposure), "proxy-status");
    assert_eq!(
        line(Exposure::Public),
        "edge-eu1;error=connection_terminated;soe-cause=dependency_failure/reset_before_response"
    );
    assert_eq!(
        line(Exposure::Internal),
        "edge-eu1;error=connection_terminated;details=\"attempt 1 on web-2: connection reset by \
         the backend (ECONNRESET) after 12 ms\";\
         soe-cause=dependency_failure/reset_before_response"
    );
    let full = last_hop(&line(Exposure::Full));
    let Some(BareItem::String(next_hop)) = parameter(&full, "next-hop") else {
        panic!("full names the next hop");
    };
    assert_eq!(next_hop.as_str(), "10.0.3.12:8080");
}

#[test]
fn server_timing_has_every_attempt() {
    assert_eq!(
        header(&told(&hung(), Exposure::Internal), "server-timing"),
        "attempt-1;dur=2000.0;desc=\"response_timeout\", \
         attempt-2;dur=2000.0;desc=\"response_timeout\", total;dur=4001.0"
    );
}

/// The fields of every cause parse with a parser for structured fields, and say that cause.
#[test]
fn every_cause_parses_everywhere() {
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for exposure in EXPOSURES {
            for format in FORMATS {
                let told = tell(&situation.telling(exposure), format);
                let said = item(&header(&told, "soe-cause"));
                assert_eq!(token(Some(said.bare_item)), cause.id());
                let hop = last_hop(&header(&told, "proxy-status"));
                assert_eq!(token(Some(hop.bare_item.clone())), "edge-eu1");
                assert_eq!(token(parameter(&hop, "soe-cause")), cause.id());
                let error = parameter(&hop, "error");
                assert_eq!(
                    error.is_some(),
                    cause.info().proxy_status.is_some(),
                    "{cause}"
                );
            }
        }
    }
}

#[test]
fn statuses_by_policy() {
    let status = |situation: &Situation, policy| {
        let mut telling = situation.telling(Exposure::Public);
        telling.policy = policy;
        tell(&telling, Format::ProblemJson).status
    };
    let rows = [
        (all_refused_and_open(), 503, 503),
        (hung(), 504, 504),
        (reset_post(), 502, 502),
        (with_secrets(Cause::DependencyConnectRefused), 503, 502),
        (with_secrets(Cause::DependencyConnectTimeout), 503, 504),
        (with_secrets(Cause::ConfigTlsUntrusted), 503, 502),
        (with_secrets(Cause::ConfigUnknownPool), 503, 500),
        (with_secrets(Cause::OverloadQueueFull), 503, 503),
        // "The most appropriate": ours.
        (with_secrets(Cause::MaintenanceWindow), 503, 503),
        (with_secrets(Cause::DependencyUpstream503), 503, 503),
    ];
    for (situation, plain, rfc9209) in rows {
        let cause = situation.diagnosis.primary;
        assert_eq!(status(&situation, StatusPolicy::Plain), plain, "{cause}");
        assert_eq!(
            status(&situation, StatusPolicy::Rfc9209),
            rfc9209,
            "{cause}"
        );
    }
}

#[test]
fn a_clients_own_limit_is_429() {
    let situation = with_secrets(Cause::OverloadRateLimited);
    let mut telling = situation.telling(Exposure::Public);
    telling.status = Some(429);
    let told = tell(&telling, Format::ProblemJson);
    assert_eq!(told.status, 429);
    assert_eq!(header(&told, "x-error-code"), "SOE-429");
    let hop = last_hop(&header(&told, "proxy-status"));
    assert_eq!(token(parameter(&hop, "error")), "http_request_error");
    // A status that is no failure is not taken.
    telling.status = Some(200);
    assert_eq!(tell(&telling, Format::ProblemJson).status, 503);
}

#[test]
fn grpc_gets_trailers_only() {
    let situation = all_refused_and_open();
    let mut telling = situation.telling(Exposure::Public);
    telling.retry_after = Some(3);
    let told = tell(&telling, Format::Grpc);
    assert_eq!(
        (told.status, told.content_type, &*told.body),
        (200, "application/grpc", "")
    );
    assert_eq!(header(&told, "grpc-status"), "14");
    assert_eq!(header(&told, "grpc-retry-pushback-ms"), "3000");
    assert_eq!(
        header(&told, "grpc-message"),
        "circuit_open/consecutive_failures: The service keeps failing, so requests are not sent \
         to it for now. Retry in 3 seconds."
    );
    assert_eq!(header(&told, "x-error-code"), "SOE-503");

    let late = hung();
    let told = tell(&late.telling(Exposure::Public), Format::Grpc);
    assert_eq!(header(&told, "grpc-status"), "4");
    assert_eq!(
        header(&told, "grpc-retry-pushback-ms"),
        "-1",
        "no Retry-After, no retry"
    );
}

#[test]
fn a_page_may_load_nothing() {
    let told = tell(&hung().telling(Exposure::Full), Format::Html);
    assert!(header(&told, "content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(header(&told, "x-content-type-options"), "nosniff");
    for forbidden in ["<script", "http://", "src=", "onload", "@import", "url("] {
        assert!(!told.body.contains(forbidden), "{forbidden}");
    }
}

/// Which of an answer's fields nobody else may write: those that others write as well stay theirs.
#[test]
fn fields_that_are_ours_alone() {
    let anybodys = [
        "proxy-status",
        "retry-after",
        "x-request-id",
        "cache-control",
        "server-timing",
        "content-language",
        "vary",
        "x-content-type-options",
    ];
    let told = told(&reset_post(), Exposure::Full);
    for (name, _) in &told.headers {
        assert_eq!(is_ours(name), !anybodys.contains(name), "{name}");
    }
    let ours = told.headers.iter().filter(|(name, _)| is_ours(name));
    assert_eq!(ours.count(), 3);
    for (name, expected) in [
        ("x-soe-degraded", true),
        ("soe-hop", true),
        ("x-soe", false),
        ("x-error-codes", false),
        ("soep", false),
    ] {
        assert_eq!(is_ours(name), expected, "{name}");
    }
}
