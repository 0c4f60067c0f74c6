//! An answer that many requests get, but for their identifiers.
//!
//! In an outage thousands of strangers are refused in one second for one reason: the circuit is open, the pool is
//! full. What they are told is the same to the letter, with another identifier in two or three places. A template is
//! such an answer with a mark in those places; filling it in costs a fraction of what telling does.
//!
//! It is for answers of which we know all that they depend on: to strangers, about requests that reached no backend.
//! Everything else is told one at a time. A property test holds what is filled in against what is told.

use super::clean::identifier;
use super::headers::LONGEST_ID;
use super::{Exposure, Format, LONGEST_BODY, StatusPolicy, Telling, Told, course, tell};
use crate::Cause;
use crate::diagnosis::Grade;
use crate::ledger::{Fault, Phase, Refusal};

/// Stands for the identifier. Whatever else is told is ours or the operator's, and holds nothing like it.
const MARK: &str = "q7Wz0cV4nE9xLr2Tb6Ym";

/// An answer with marks in it, and what it depends on.
#[derive(Clone, Debug)]
pub struct Template {
    key: Key,
    server: Box<str>,
    docs: Box<str>,
    incident: Option<Box<str>>,
    told: Told,
}

/// What decides about an answer beside names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    primary: Cause,
    root: Option<Cause>,
    grade: Grade,
    unsent: bool,
    faultless: bool,
    at_unix: i64,
    since: Option<i64>,
    retry_after: Option<u32>,
    policy: StatusPolicy,
    status: Option<u16>,
}

// === impl Template ===

impl Template {
    /// The answer that [`tell`] gives, for any request; `None` if it is not one that others may get as well.
    pub fn of(telling: &Telling<'_>, format: Format) -> Option<Self> {
        let key = Key::of(telling, format)?;
        let anybody = Telling {
            request_id: MARK,
            ..*telling
        };
        let told = tell(&anybody, format);
        let marks = told.body.matches(MARK).count();
        // The longest identifier must not make it longer than an answer may be.
        (told.body.len() + marks * LONGEST_ID <= LONGEST_BODY).then(|| Self {
            key,
            server: telling.server.into(),
            docs: telling.docs.into(),
            incident: telling.incident_id.map(Into::into),
            told,
        })
    }

    /// Whether it is what [`tell`] would answer, once the identifier is [put](Self::put) in. False for nearly all
    /// that it cannot be sure of.
    pub fn fits(&self, telling: &Telling<'_>, format: Format) -> bool {
        Key::of(telling, format) == Some(self.key)
            && self.incident.as_deref() == telling.incident_id
            && *self.server == *telling.server
            && *self.docs == *telling.docs
    }

    /// The answer with its marks. Status and content type have none.
    pub const fn marked(&self) -> &Told {
        &self.told
    }

    /// There is a mark in `text`.
    pub fn is_marked(text: &str) -> bool {
        text.contains(MARK)
    }

    /// `text` with the identifier of a request in the places of the marks.
    pub fn put(text: &str, request_id: &str) -> String {
        let id = identifier(request_id, LONGEST_ID);
        let mut out = String::with_capacity(text.len() + 2 * id.len());
        let mut parts = text.split(MARK);
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push_str(&id);
            out.push_str(part);
        }
        out
    }
}

// === impl Key ===

impl Key {
    /// `None`: the answer may depend on something else.
    fn of(telling: &Telling<'_>, format: Format) -> Option<Self> {
        // Taken apart by name, so that nobody adds to it without a look at this.
        let Telling {
            diagnosis,
            attempts,
            trace_id,
            at_unix,
            retry_after,
            exposure,
            policy,
            status,
            // Compared where they are.
            server: _,
            docs: _,
            incident_id: _,
            // What is put in.
            request_id: _,
            // Of it strangers hear since when it has been like this.
            course: _,
            // In `Server-Timing`, which strangers do not get.
            elapsed: _,
        } = *telling;
        let stranger = exposure == Exposure::Public && trace_id.is_none();
        let unreached = attempts
            .attempts
            .iter()
            .all(|attempt| attempt.phase <= Phase::Queue && attempt.status.is_none());
        let known = stranger && unreached && format == Format::ProblemJson;
        (known && is_plain(diagnosis.fault.as_ref())).then(|| Self {
            primary: diagnosis.primary,
            root: diagnosis.root,
            grade: diagnosis.grade,
            unsent: diagnosis.unsent,
            faultless: diagnosis.fault.is_none(),
            at_unix,
            since: course::since(telling),
            retry_after,
            policy,
            status,
        })
    }
}

/// Nothing of the fault itself is told to strangers.
const fn is_plain(fault: Option<&Fault>) -> bool {
    match fault {
        None => true,
        Some(Fault::Refused(refusal)) => match refusal {
            Refusal::CircuitOpen { .. }
            | Refusal::NoBackend { .. }
            | Refusal::Limit { .. }
            | Refusal::Throttled(_)
            | Refusal::Queue { .. }
            | Refusal::BackendsFull(_)
            | Refusal::Policy(_) => true,
            // Quotas and windows are told.
            Refusal::RateLimited(_) | Refusal::Maintenance(_) => false,
        },
        Some(_) => false,
    }
}
