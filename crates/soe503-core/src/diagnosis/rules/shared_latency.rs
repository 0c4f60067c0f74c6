//! R5, second part: all backends wait for the same thing.

use core::time::Duration;

use super::latency::{RISE, SLOW, Slow, offered};
use super::{Fact, Finding, Missing};
use crate::cause::Cause;
use crate::diagnosis::history::{BackendHistory, History, Usual};
use crate::diagnosis::{Because, Grade, RuledOut};

/// Backends that become slow further apart do not do so together.
const TOGETHER: Duration = Duration::from_secs(5);
/// How far back an onset is looked for.
const ONSET: u64 = 120;

/// As good as all backends have become slow within five seconds, and no more is asked of them than usual:
/// what is in flight has only grown because each takes longer (Little's law).
///
/// One backend alone has nobody to share with.
pub(super) fn shared_latency(history: &History, usual: Option<&Usual>) -> Option<Finding> {
    let usual = usual?;
    let offered = offered(history)?;
    let slow = Slow::of(history, usual)?;
    if slow.of < 2 || !slow.all() || offered >= usual.offered * RISE {
        return None;
    }
    let onsets: Vec<u64> = history
        .backends()
        .iter()
        .filter_map(|backend| onset(history, backend, usual))
        .collect();
    let (first, last) = (*onsets.iter().min()?, *onsets.iter().max()?);
    let within = Duration::from_secs(last - first);
    if onsets.len() < slow.slow as usize || within > TOGETHER {
        return None;
    }
    let mut finding = Finding::new(Cause::DependencyShared, Grade::Suspected);
    finding.facts = vec![
        Fact::Together {
            within,
            backends: slow.slow,
        },
        Fact::Slower {
            p50: slow.p50,
            usual: slow.usual,
            backends: slow.slow,
            of: history.backends().len() as u32,
        },
        Fact::Load {
            offered,
            usual: usual.offered,
        },
    ];
    finding.ruled_out.push(RuledOut {
        cause: Cause::OverloadPoolSaturated,
        because: Because::LoadFlat(offered, usual.offered),
    });
    finding.missing.push(Missing::HealthDocuments);
    Some(finding)
}

/// The second since which a backend has been slow.
fn onset(history: &History, backend: &BackendHistory, usual: &Usual) -> Option<u64> {
    let own = backend.usual_p50().or(usual.p50)?;
    let bound = own.as_secs_f64() * SLOW;
    let from = history.newest().saturating_sub(ONSET);
    let mut onset = None;
    for second in backend.after(from) {
        let Some(p50) = second.p50 else { continue };
        if p50.as_secs_f64() < bound {
            onset = None;
        } else if onset.is_none() {
            onset = Some(second.at);
        }
    }
    onset
}
