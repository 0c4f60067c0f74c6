use std::collections::HashSet;

use super::{Category, Cause, ProxyError, RetryAfterRule, StatusRule, table};

#[test]
fn identifiers_are_unique_and_lead_back() {
    let ids: HashSet<_> = Cause::ALL.iter().map(|c| c.id()).collect();
    assert_eq!(ids.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert_eq!(Cause::from_id(cause.id()), Some(*cause));
        assert_eq!(cause.id().parse(), Ok(*cause));
        assert_eq!(cause.to_string(), cause.id());
        let json = serde_json::to_string(cause).unwrap();
        assert_eq!(json, format!("\"{}\"", cause.id()));
        assert_eq!(serde_json::from_str::<Cause>(&json).unwrap(), *cause);
    }
    for wrong in [
        "",
        "connect_refused",
        "DEPENDENCY_FAILURE/CONNECT_REFUSED",
        "overload/",
    ] {
        assert_eq!(Cause::from_id(wrong), None);
        assert!(serde_json::from_value::<Cause>(wrong.into()).is_err());
    }
}

#[test]
fn an_identifier_is_its_category_and_one_more_word() {
    for cause in Cause::ALL {
        let (category, rest) = cause.id().split_once('/').unwrap();
        assert_eq!(category, cause.category().id());
        assert!(!rest.is_empty());
        assert!(
            rest.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "{cause}: must be a structured-field token and a label"
        );
    }
}

/// The numbers of the design, and `upstream_error` and `throttled`, which came later.
#[test]
fn every_category_is_complete() {
    let count = |category| {
        Cause::ALL
            .iter()
            .filter(|c| c.category() == category)
            .count()
    };
    assert_eq!(count(Category::Overload), 10);
    assert_eq!(count(Category::Maintenance), 4);
    assert_eq!(count(Category::DependencyFailure), 12);
    assert_eq!(count(Category::Misconfiguration), 17);
    assert_eq!(count(Category::ResourceExhaustion), 6);
    assert_eq!(count(Category::CircuitOpen), 3);
    assert_eq!(count(Category::Unknown), 1);
    assert_eq!(Cause::ALL.len(), 53);
}

#[test]
fn a_grpc_reason_fits() {
    for cause in Cause::ALL {
        let reason = cause.grpc_reason();
        assert!(reason.len() <= 63, "{reason}");
        assert!(
            reason
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        );
    }
    assert_eq!(
        Cause::DependencyConnectRefused.grpc_reason(),
        "DEPENDENCY_FAILURE_CONNECT_REFUSED"
    );
}

#[test]
fn every_row_is_complete() {
    assert_eq!(table::rows().count(), Cause::ALL.len());
    for cause in Cause::ALL {
        let row = cause.info();
        assert_eq!(row.cause, *cause);
        for text in [
            row.title,
            row.detail,
            row.meaning,
            row.proof,
            row.quick_fix,
            row.long_term_fix,
            row.verify,
        ] {
            assert!(!text.is_empty(), "{cause}");
            assert!(text.chars().all(|c| !c.is_control()), "{cause}: {text}");
        }
        // What bounds the size of every answer (see `explain`).
        assert!(row.title.len() <= 72, "{cause}: {}", row.title);
        assert!(row.detail.len() <= 120, "{cause}: {}", row.detail);
        assert!(row.quick_fix.len() <= 160, "{cause}: {}", row.quick_fix);
        assert!(
            row.long_term_fix.len() <= 160,
            "{cause}: {}",
            row.long_term_fix
        );
        assert!(row.verify.len() <= 120, "{cause}: {}", row.verify);
        assert!(
            row.detail.ends_with('.') && !row.title.ends_with('.'),
            "{cause}"
        );
    }
}

#[test]
fn titles_tell_causes_apart() {
    let mut seen = HashSet::new();
    for row in table::rows() {
        // Queue and limit are one thing to a caller: too much at once.
        if row.cause != Cause::OverloadConcurrencyLimit {
            assert!(seen.insert(row.title), "{}", row.title);
        }
    }
}

#[test]
fn waiting_helps_or_not_in_one_voice() {
    for row in table::rows() {
        let never = row.retry_after == RetryAfterRule::Never;
        assert_eq!(row.retryable, !never, "{}", row.cause);
    }
}

/// Unusable is 503, invalid 502, late 504: nothing else is a status of ours by default, but for a
/// loop: 508 is no status that the proxies on its way, ourselves among them, would try again.
#[test]
fn statuses_follow_the_policy() {
    for row in table::rows() {
        let expected = match row.cause {
            Cause::ConfigLoopDetected => 508..=508,
            _ => 502..=504,
        };
        assert!(
            expected.contains(&row.status.default_status()),
            "{}",
            row.cause
        );
        let passed_on = matches!(row.status, StatusRule::AsReceived(_));
        assert_eq!(row.proxy_status.is_none(), passed_on, "{}", row.cause);
    }
    let status = |cause: Cause| cause.info().status.default_status();
    assert_eq!(status(Cause::DependencyConnectRefused), 503);
    assert_eq!(status(Cause::DependencyResetBeforeResponse), 502);
    assert_eq!(status(Cause::DependencyInvalidResponse), 502);
    assert_eq!(status(Cause::DependencyResponseTimeout), 504);
    assert_eq!(status(Cause::CircuitConsecutiveFailures), 503);
}

#[test]
fn error_types_are_those_of_the_rfc() {
    for error in ProxyError::ALL {
        assert_eq!(ProxyError::from_token(error.token()), Some(*error));
    }
    assert_eq!(ProxyError::ALL.len(), 32);
    let recommends_503: Vec<_> = ProxyError::ALL
        .iter()
        .filter(|e| e.recommended_status() == Some(503))
        .collect();
    assert_eq!(
        recommends_503,
        [
            &ProxyError::DestinationUnavailable,
            &ProxyError::ConnectionLimitReached
        ]
    );
}

#[test]
fn what_is_no_identifier_is_called_so() {
    let unknown = "overload/queue".parse::<Cause>().unwrap_err();
    assert_eq!(unknown.to_string(), "not the identifier of a cause");
}
