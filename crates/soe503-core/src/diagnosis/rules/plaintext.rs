//! Plain text at a port that speaks TLS.

use std::sync::Arc;

use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::Grade;

/// Backends that break off what they are told in plain text, and answer a TLS hello with a TLS record:
/// the bytes prove it.
pub(super) fn plaintext(speak_tls: &[Arc<str>]) -> Option<Finding> {
    if speak_tls.is_empty() {
        return None;
    }
    let mut finding = Finding::new(Cause::ConfigTlsPlaintextMismatch, Grade::Proven);
    finding.backends = speak_tls.to_vec();
    let fact = |backend: &Arc<str>| Fact::SpeaksTls {
        backend: Arc::clone(backend),
    };
    finding.facts = speak_tls.iter().take(4).map(fact).collect();
    Some(finding)
}
