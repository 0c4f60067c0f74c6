//! The status of an answer, and the error of its `Proxy-Status`, where the cause alone does not say.

use soe503_core::Cause;
use soe503_core::explain::{Exposure, Format, tell};
use soe503_core::ledger::{Fault, TimeoutKind};

use crate::situations::{Situation, reset_post};

fn told(situation: &Situation) -> (u16, String) {
    let told = tell(&situation.telling(Exposure::Public), Format::ProblemJson);
    let proxy_status = told.header("proxy-status").unwrap().to_owned();
    (told.status, proxy_status)
}

fn of(primary: Cause, fault: Option<Fault>, unsent: bool) -> Situation {
    let mut situation = reset_post();
    situation.diagnosis.primary = primary;
    situation.diagnosis.fault = fault;
    situation.diagnosis.unsent = unsent;
    situation
}

/// Without a name for it, what is known is whether the request went out, and whether time was over.
#[test]
fn what_nobody_can_name_has_the_status_of_what_happened() {
    let late = || Some(Fault::Timeout(TimeoutKind::Attempt));
    for (fault, unsent, status) in [
        (late(), false, 504),
        (late(), true, 503),
        (Some(Fault::Closed), false, 502),
        (Some(Fault::Closed), true, 503),
        (None, false, 502),
    ] {
        let situation = of(Cause::Unclassified, fault, unsent);
        assert_eq!(
            told(&situation).0,
            status,
            "{:?}",
            situation.diagnosis.fault
        );
    }
}

/// RFC 9209 §2.3: somebody's full disk is not ours.
#[test]
fn a_full_disk_is_the_backends_where_the_backend_says_so() {
    for (fault, error) in [
        (Some(Fault::Status(507)), "error=destination_unavailable"),
        (None, "error=destination_unavailable"),
        (Some(Fault::Errno(28)), "error=proxy_internal_error"),
    ] {
        let (_, proxy_status) = told(&of(Cause::ResourceDiskFull, fault, false));
        assert!(proxy_status.contains(error), "{proxy_status}");
    }
}

#[test]
fn a_bug_of_ours_is_internal_to_grpc_clients_too() {
    let mut situation = of(Cause::Unclassified, Some(Fault::Internal), false);
    let mut telling = situation.telling(Exposure::Public);
    telling.status = Some(500);
    let told = tell(&telling, Format::Grpc);
    assert_eq!(told.header("grpc-status"), Some("13"));
    situation.diagnosis.primary = Cause::OverloadRateLimited;
    let mut telling = situation.telling(Exposure::Public);
    telling.status = Some(429);
    assert_eq!(
        tell(&telling, Format::Grpc).header("grpc-status"),
        Some("8")
    );
}

/// RFC 9209 §2.3: what a caller does wrong is an error of its request, with the status that it is told.
#[test]
fn who_sends_more_than_agreed_is_told_so() {
    let (limited, full) = (Cause::OverloadRateLimited, Cause::OverloadQueueFull);
    let caller = "error=http_request_error;status-code=429";
    let ours = "error=proxy_internal_response";
    for (cause, status, error) in [
        (limited, Some(429), caller),
        (limited, Some(503), ours),
        (limited, None, ours),
        (full, Some(429), "error=connection_limit_reached"),
    ] {
        let situation = of(cause, None, true);
        let mut telling = situation.telling(Exposure::Public);
        telling.status = status;
        let told = tell(&telling, Format::ProblemJson);
        let proxy_status = told.header("proxy-status").unwrap();
        assert!(proxy_status.contains(error), "{cause}: {proxy_status}");
        assert!(status.is_none_or(|status| told.status == status), "{cause}");
    }
}
