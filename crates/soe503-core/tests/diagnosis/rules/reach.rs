//! Every cause of the table comes from somewhere.

use std::collections::BTreeSet;

use soe503_core::Cause;

/// Who produces a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// One attempt alone: `mechanical`.
    Attempt,
    /// A refusal of ours.
    Refusal,
    /// Health checks, as the reason of a backend's state.
    Check,
    /// The state around the request.
    Context,
    /// A rule over the pool's last minutes.
    Rule,
    /// Nothing yet, and why.
    Nothing(&'static str),
}

const fn by(cause: Cause) -> By {
    use Cause as C;
    match cause {
        C::OverloadQueueFull
        | C::OverloadQueueTimeout
        | C::OverloadConcurrencyLimit
        | C::OverloadRateLimited
        | C::OverloadThrottled
        | C::MaintenanceWindow
        | C::MaintenanceAdminDisabled
        | C::MaintenanceStarting
        | C::ConfigNoEndpoints
        | C::ConfigUnknownPool
        | C::ConfigLoopDetected
        | C::CircuitConsecutiveFailures
        | C::CircuitFailureRate
        | C::CircuitAllEjected => By::Refusal,
        C::OverloadTrafficSpike
        | C::OverloadPoolSaturated
        | C::OverloadRetryStorm
        | C::OverloadAcceptBacklog
        | C::MaintenanceDraining
        | C::ConfigTimeoutTooShort
        | C::ConfigLimitTooLow
        | C::ConfigBadRelease
        | C::ResourceCpuThrottled => By::Rule,
        C::DependencyShared => By::Context,
        C::ConfigHealthCheckPath | C::ConfigHealthCheckRejected | C::ConfigHealthCheckTooStrict => {
            By::Check
        }
        C::ResourceBackendOom => By::Nothing("only the platform knows why a process was killed"),
        _ => By::Attempt,
    }
}

/// The files in which rules live say which causes they find: a cause that is said to come from a rule
/// is named in one, and the other way round.
#[test]
fn rules_find_what_they_are_said_to_find() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnosis/rules");
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for part in text.split("Finding::new(").skip(1) {
            // Elsewhere the cause is one that checks have found.
            let named = part.trim_start();
            let named = named.strip_prefix("crate::cause::").unwrap_or(named);
            let Some(name) = named.strip_prefix("Cause::") else {
                continue;
            };
            let name: String = name
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            found.insert(name);
        }
    }
    let said: BTreeSet<String> = Cause::ALL
        .iter()
        .filter(|cause| by(**cause) == By::Rule)
        .map(|cause| format!("{cause:?}"))
        // These have another source as well.
        .chain(
            [
                "DependencyShared",
                "DependencyConnectTimeout",
                "DependencyResponseTimeout",
                "ConfigTlsPlaintextMismatch",
            ]
            .map(str::to_owned),
        )
        .collect();
    assert_eq!(found, said);
}

#[test]
fn what_cannot_be_named_is_listed_with_a_reason() {
    let nothing: Vec<_> = Cause::ALL
        .iter()
        .filter_map(|cause| match by(*cause) {
            By::Nothing(why) => Some((*cause, why)),
            _ => None,
        })
        .collect();
    assert_eq!(nothing.len(), 1, "{nothing:?}");
    assert!(nothing.iter().all(|(_, why)| !why.is_empty()));
}
