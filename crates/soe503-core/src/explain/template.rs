//! An answer that many requests get, but for their identifiers.
//!
//! In an outage thousands are refused in one second for one reason: the circuit is open, the pool is full. What they
//! are told is the same to the letter, with another identifier in two or three places. A template is such an answer
//! with a mark in those places; filling it in costs a fraction of what telling does.
//!
//! It is for answers of which we know all that they depend on: documents about requests that reached no backend.
//! Everything else is told one at a time. A property test holds what is filled in against what is told.

use std::borrow::Cow;

use super::clean::identifier;
use super::headers::{LONGEST_ID, TIMING, server_timing};
use super::tell::told;
use super::{Exposure, Format, StatusPolicy, Telling, Told, alike, course};
use crate::Cause;
use crate::diagnosis::{Diagnosis, Grade};
use crate::incident::Course;
use crate::ledger::{Fault, Ledger, Phase, Refusal};

/// Stands for the identifier, and is as long as one can be. Whatever else is told is ours or the operator's, and
/// holds nothing like it.
const MARK: &str = "q7Wz0cV4nE9xLr2Tb6Ymq7Wz0cV4nE9xLr2Tb6Ymq7Wz0cV4nE9xLr2Tb6Ymq7Wz";

/// An answer with marks in it, and what it depends on.
#[derive(Clone, Debug)]
pub struct Template {
    key: Key,
    server: Box<str>,
    docs: Box<str>,
    incident: Option<Box<str>>,
    /// For those who are told more than strangers.
    inside: Option<Box<Inside>>,
    told: Told,
}

/// What colleagues are told from.
#[derive(Clone, Debug)]
struct Inside {
    diagnosis: Diagnosis,
    attempts: Ledger,
    course: Option<Course>,
}

/// What decides about an answer to a stranger beside names.
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
    exposure: Exposure,
    policy: StatusPolicy,
    status: Option<u16>,
}

// === impl Template ===

impl Template {
    /// The answer that [`tell`](super::tell) gives, for any request; `None` if it is not one that others may get as
    /// well.
    pub fn of(telling: &Telling<'_>, format: Format) -> Option<Self> {
        let key = Key::of(telling, format)?;
        let anybody = Telling {
            request_id: MARK,
            ..*telling
        };
        let (told, whole) = told(&anybody, format);
        // What an answer leaves out for want of room depends on its identifier.
        whole.then(|| Self {
            key,
            server: telling.server.into(),
            docs: telling.docs.into(),
            incident: telling.incident_id.map(Into::into),
            inside: Inside::of(telling).map(Box::new),
            told,
        })
    }

    /// Whether it is what [`tell`](super::tell) would answer, once it is filled in. False where that is not certain.
    pub fn fits(&self, telling: &Telling<'_>, format: Format) -> bool {
        Key::of(telling, format) == Some(self.key)
            && self.incident.as_deref() == telling.incident_id
            && *self.server == *telling.server
            && *self.docs == *telling.docs
            && self
                .inside
                .as_ref()
                .is_none_or(|inside| inside.fits(telling))
    }

    /// The status.
    pub const fn status(&self) -> u16 {
        self.told.status
    }

    /// The body's type.
    pub const fn content_type(&self) -> &'static str {
        self.told.content_type
    }

    /// All headers in their order, with marks where each request has [its own](Self::own).
    pub fn headers(&self) -> &[(&'static str, Cow<'static, str>)] {
        &self.told.headers
    }

    /// Those that differ, for this request.
    pub fn own(&self, telling: &Telling<'_>) -> impl Iterator<Item = (&'static str, String)> {
        let all = self.told.headers.iter().filter(|header| changes(header));
        all.map(|(name, value)| match *name {
            TIMING => (TIMING, server_timing(telling)),
            name => (name, Self::put(value, telling.request_id)),
        })
    }

    /// The body, for this request.
    pub fn body(&self, telling: &Telling<'_>) -> String {
        Self::put(&self.told.body, telling.request_id)
    }

    /// `text` with the identifier of a request in the places of the marks.
    fn put(text: &str, request_id: &str) -> String {
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

fn changes((name, value): &(&'static str, Cow<'static, str>)) -> bool {
    *name == TIMING || value.contains(MARK)
}

// === impl Inside ===

impl Inside {
    fn of(telling: &Telling<'_>) -> Option<Self> {
        (telling.exposure > Exposure::Public).then(|| Self {
            diagnosis: telling.diagnosis.clone(),
            attempts: telling.attempts.clone(),
            course: telling.course.cloned(),
        })
    }

    fn fits(&self, telling: &Telling<'_>) -> bool {
        alike::diagnoses(&self.diagnosis, telling.diagnosis)
            && alike::ledgers(&self.attempts, telling.attempts)
            && self.course.as_ref() == telling.course
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
            // In `Server-Timing`, which is written for each.
            elapsed: _,
        } = *telling;
        let unreached = attempts
            .attempts
            .iter()
            .all(|attempt| attempt.phase <= Phase::Queue && attempt.status.is_none());
        let known = trace_id.is_none() && unreached && format == Format::ProblemJson;
        (known && is_plain(diagnosis.fault.as_ref())).then(|| Self {
            primary: diagnosis.primary,
            root: diagnosis.root,
            grade: diagnosis.grade,
            unsent: diagnosis.unsent,
            faultless: diagnosis.fault.is_none(),
            at_unix,
            since: course::since(telling),
            retry_after,
            exposure,
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
