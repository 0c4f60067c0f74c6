//! What another proxy's answer says about itself.

use soe503_core::Cause;
use soe503_core::diagnosis::{Grade, diagnose, nested};
use soe503_core::explain::passed_on;
use soe503_core::ledger::{Attempt, Nested};

use crate::support::{answered, ledger, on, pool};

fn said(proxy_status: &str) -> Option<Nested> {
    nested(Some(proxy_status), None, true)
}

#[test]
fn the_hop_nearest_the_failure_counts() {
    let chain = "orders-mesh; error=connection_refused; next-hop=\"orders-db:5433\", \
                 edge; error=destination_unavailable";
    let nested = said(chain).unwrap();
    assert_eq!(nested.hop, "orders-mesh");
    assert_eq!(nested.cause, Some(Cause::DependencyConnectRefused));
    assert_eq!(nested.hops, 2);
    assert!(nested.trusted);
}

#[test]
fn our_own_words_go_deeper_than_the_error() {
    let ours = "mesh; error=destination_unavailable; soe-cause=circuit_open/failure_rate; \
                soe-root=dependency_failure/response_timeout";
    assert_eq!(
        said(ours).unwrap().cause,
        Some(Cause::DependencyResponseTimeout)
    );
    let no_root = "mesh; error=destination_unavailable; soe-cause=overload/queue_full";
    assert_eq!(said(no_root).unwrap().cause, Some(Cause::OverloadQueueFull));
    let field = "circuit_open/failure_rate;inc=\"x\";root=dependency_failure/dns_failure";
    let nested = nested(None, Some(field), true).unwrap();
    assert_eq!(nested.cause, Some(Cause::DependencyDnsFailure));
}

#[test]
fn an_error_that_says_two_things_says_none() {
    let nested = said("mesh; error=destination_unavailable").unwrap();
    assert_eq!(nested.cause, None);
}

/// RFC 9209 §2.3, in our words where the type says one thing only.
#[test]
fn error_types_mean_causes() {
    for (error, cause) in [
        ("dns_timeout", Some(Cause::DependencyDnsFailure)),
        ("dns_error", Some(Cause::DependencyDnsFailure)),
        ("connection_refused", Some(Cause::DependencyConnectRefused)),
        ("connection_timeout", Some(Cause::DependencyConnectTimeout)),
        (
            "connection_terminated",
            Some(Cause::DependencyResetBeforeResponse),
        ),
        (
            "connection_limit_reached",
            Some(Cause::OverloadConcurrencyLimit),
        ),
        (
            "destination_ip_unroutable",
            Some(Cause::DependencyHostUnreachable),
        ),
        (
            "destination_ip_prohibited",
            Some(Cause::ConfigFirewallReject),
        ),
        (
            "http_response_incomplete",
            Some(Cause::DependencyResponseTruncated),
        ),
        (
            "http_response_timeout",
            Some(Cause::DependencyResponseTimeout),
        ),
        (
            "connection_read_timeout",
            Some(Cause::DependencyResponseTimeout),
        ),
        (
            "http_protocol_error",
            Some(Cause::DependencyInvalidResponse),
        ),
        ("proxy_loop_detected", Some(Cause::ConfigLoopDetected)),
        ("destination_not_found", None),
        ("proxy_internal_error", None),
        ("no_such_error", None),
    ] {
        let nested = said(&format!("mesh; error={error}")).unwrap();
        assert_eq!((&*nested.hop, nested.cause), ("mesh", cause), "{error}");
    }
}

#[test]
fn names_and_causes_may_be_strings() {
    let nested = said("\"10.0.0.7\"; error=dns_error").unwrap();
    assert_eq!(nested.hop, "10.0.0.7");
    let cause = said("mesh; error=x; soe-cause=\"overload/queue_full\"").unwrap();
    assert_eq!(cause.cause, Some(Cause::OverloadQueueFull));
}

#[test]
fn who_only_passed_it_on_explains_nothing() {
    assert_eq!(said(&passed_on("edge-eu1", 503)), None);
    assert_eq!(said("edge; received-status=503, other"), None);
}

#[test]
fn hostile_fields_are_no_explanation() {
    for hostile in [
        "",
        ",",
        "\"",
        "a; error",
        "ä; error=x",
        "(a b); error=dns_error",
        "a;error=\r\n",
    ] {
        assert_eq!(
            said(hostile).filter(|n| n.cause.is_some()),
            None,
            "{hostile}"
        );
    }
    assert_eq!(said(&"a;error=dns_error, ".repeat(10_000)), None);
    let many = vec!["a;error=dns_error"; 300].join(", ");
    assert_eq!(said(&many).unwrap().hops, 8);
    let long = format!("{};error=dns_error", "a".repeat(500));
    assert_eq!(said(&long).unwrap().hop.len(), 64);
    assert_eq!(nested(None, Some("no_such/cause"), true), None);
}

#[test]
fn a_trusted_word_becomes_the_root_and_a_claim_does_not() {
    let answer = |trusted| {
        let nested = nested(Some("mesh; error=connection_refused"), None, trusted);
        on(
            1,
            "a",
            Attempt {
                nested: nested.map(Box::new),
                ..answered(503)
            },
        )
    };
    let believed = diagnose(&ledger([answer(true)]), &pool());
    assert_eq!(believed.primary, Cause::DependencyNested);
    assert_eq!(believed.root, Some(Cause::DependencyConnectRefused));
    assert_eq!(believed.grade, Grade::Inferred);
    let quoted = diagnose(&ledger([answer(false)]), &pool());
    assert_eq!(quoted.primary, Cause::DependencyUpstream503);
    assert_eq!(quoted.root, None);
}

#[test]
fn fields_are_read_up_to_eight_kilobytes() {
    for (length, read) in [(8192, true), (8193, false), (8194, false)] {
        let padded = format!("{:<length$}", "mesh; error=dns_error");
        assert_eq!(said(&padded).is_some(), read, "{length}");
        let own = format!("{:<length$}", "overload/queue_full");
        assert_eq!(nested(None, Some(&own), true).is_some(), read, "{length}");
    }
}
