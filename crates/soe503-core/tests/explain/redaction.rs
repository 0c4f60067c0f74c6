//! Who may read what, over every cause, exposure and format.

use soe503_core::Cause;
use soe503_core::explain::{Exposure, Format, LONGEST_BODY, Told, problem, tell};

use crate::situations::{EXPOSURES, FORMATS, SECRETS, with_secrets};

/// All that leaves with an answer.
fn everything(told: &Told) -> String {
    let headers = told
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"));
    headers.collect::<String>() + &told.body
}

#[test]
fn strangers_read_nothing_of_ours() {
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for format in FORMATS {
            let text = everything(&tell(&situation.telling(Exposure::Public), format));
            for secret in SECRETS {
                assert!(
                    !text.contains(secret),
                    "{cause} {format:?} tells {secret}:\n{text}"
                );
            }
            assert!(
                !text.contains("lbctl"),
                "{cause} {format:?}: remedies are for operators"
            );
        }
    }
}

/// A backend that has no name but its address has none at all here.
#[test]
fn colleagues_read_names_and_no_address() {
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for format in FORMATS {
            let text = everything(&tell(&situation.telling(Exposure::Internal), format));
            for secret in ["10.66.77.88", "8443", "cert.payroll.example"] {
                assert!(
                    !text.contains(secret),
                    "{cause} {format:?} tells {secret}:\n{text}"
                );
            }
        }
        let text = serde_json::to_string(&problem(&situation.telling(Exposure::Internal))).unwrap();
        assert!(
            text.contains("blue-backend") && text.contains("payroll-pool"),
            "{text}"
        );
        assert!(
            text.contains("ledger-store fails") || !text.contains("backends in rotation"),
            "{text}"
        );
        if *cause != Cause::Unclassified {
            assert!(
                text.contains("backend 2") && text.contains("mesh-hop"),
                "{text}"
            );
        }
    }
}

/// The opposite, so that the tests above cannot pass because nothing is ever told.
#[test]
fn operators_read_all() {
    for cause in Cause::ALL
        .iter()
        .filter(|cause| **cause != Cause::Unclassified)
    {
        let situation = with_secrets(*cause);
        let text = serde_json::to_string(&problem(&situation.telling(Exposure::Full))).unwrap();
        for secret in SECRETS {
            // What is ours alone is not explained by what backends say of themselves.
            let theirs = secret != "ledger-store" || text.contains("backends in rotation");
            assert!(text.contains(secret) || !theirs, "{cause} hides {secret}");
        }
    }
}

#[test]
fn every_body_fits() {
    for cause in Cause::ALL {
        let situation = with_secrets(*cause);
        for exposure in EXPOSURES {
            for format in FORMATS {
                let told = tell(&situation.telling(exposure), format);
                assert!(
                    told.body.len() <= LONGEST_BODY,
                    "{cause} {exposure:?} {format:?}"
                );
                assert_eq!(told.body.is_empty(), format == Format::Grpc);
            }
        }
    }
}
