//! Requests of incidents that were asked again.

use soe503_api::{self as api, VerificationRequest, VerifyVerdict};
use soe503_core::incident::{Verdict, Verified};

use super::feed::News;
use super::{Incidents, tell};
use crate::control::clock::Anchor;

/// The longest text, in bytes; longer ones are refused rather than cut.
const LONGEST: usize = 500;

/// Why a verification was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadVerification {
    /// There is no such verdict.
    Verdict,
    /// This text is too long, or missing.
    Text(&'static str),
    /// There is no such incident; at least not in this process.
    Unknown,
}

impl Incidents {
    /// A request of the incident called `id` was asked again.
    ///
    /// # Errors
    /// [`BadVerification`].
    pub fn verified(
        &self,
        id: &str,
        request: &VerificationRequest,
        anchor: Anchor,
    ) -> Result<api::Incident, BadVerification> {
        let by = request.by.as_deref().map(str::trim);
        let by = by.filter(|by| !by.is_empty());
        for (name, text) in [
            ("request_id", &*request.request_id),
            ("what", &*request.what),
            ("by", by.unwrap_or("-")),
        ] {
            if text.is_empty() || text.len() > LONGEST {
                return Err(BadVerification::Text(name));
            }
        }
        let verified = Verified {
            at: anchor.moment(),
            verdict: match request.verdict {
                VerifyVerdict::Cured => Verdict::Cured,
                VerifyVerdict::NotCured => Verdict::NotCured,
                VerifyVerdict::DifferentCause => Verdict::DifferentCause,
                _ => return Err(BadVerification::Verdict),
            },
            by: by.map(Into::into),
        };
        let told = {
            let mut desk = self.desk();
            desk.book
                .verified(id, verified, &request.what)
                .ok_or(BadVerification::Unknown)?;
            let found = desk.book.find(id).ok_or(BadVerification::Unknown)?;
            let evidence = desk.evidence.get(id).map(|record| &**record);
            tell::incident(found, &desk.book, evidence, &self.shared.server, anchor)
        };
        self.pass_on(&[News::Updated(told.clone())]);
        Ok(told)
    }
}
