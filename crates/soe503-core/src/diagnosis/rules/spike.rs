//! Far more than usual is asked.

use super::latency::{RECENT, offered};
use super::{Fact, Finding};
use crate::cause::Cause;
use crate::diagnosis::Grade;
use crate::diagnosis::history::{History, Usual};

/// Requests that come at more than this many times the usual rate are a spike.
pub(super) const SPIKE: f64 = 3.0;
/// A smaller part of the requests that callers' limits turn away is what they are for.
const LIMITED: f64 = 0.2;

/// Three times the usual load and more, and callers' limits turn a good part of it away: few keys ask for all of
/// that. It lies behind those refusals; nobody else has to suffer from it.
pub(super) fn concentrated(history: &History, usual: Option<&Usual>) -> Option<Finding> {
    let (usual, offered) = usual.zip(offered(history))?;
    let (limited, of) = history.last(RECENT).fold((0, 0), |(limited, of), s| {
        (limited + u64::from(s.limited), of + u64::from(s.offered))
    });
    let few = (limited as f64) < of as f64 * LIMITED;
    if few || offered < usual.offered * SPIKE {
        return None;
    }
    let mut finding = Finding::new(Cause::OverloadTrafficSpike, Grade::Inferred);
    finding.facts = vec![
        Fact::Load {
            offered,
            usual: usual.offered,
        },
        Fact::Limited { limited, of },
    ];
    Some(finding)
}
