//! What all rules together found about a pool.

use core::time::Duration;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::latency::{RECENT, RISE, Slow, offered};
use super::{
    BrokenCheck, Departure, Everywhere, Fact, Finding, Late, LimitState, Own, Silent, Words,
    checks, draining, limit, one_slow, plaintext, release, same_words, saturated, shared_latency,
    silent, spike, storm, zone,
};
use crate::Tick;
use crate::cause::Cause;
use crate::diagnosis::history::{BackendHistory, History};
use crate::diagnosis::sick::{is_half, is_late, seen};

/// What the rules are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Now.
    pub now: Tick,
    /// The pool's last minutes.
    pub history: &'a History,
    /// This process's last seconds.
    pub own: &'a Own,
    /// The pool's limit; `None`: it has none.
    pub limit: Option<LimitState>,
    /// What backends' errors say.
    pub words: &'a [Words],
    /// Backends that have left.
    pub departures: &'a [Departure],
    /// Backends that are asked in plain text and speak TLS.
    pub speak_tls: &'a [Arc<str>],
    /// Attempts that were waited for beyond their time.
    pub late: Option<Late>,
    /// Backends that connects wait for in vain.
    pub silent: &'a [Silent],
    /// Backends whose check is known to be wrong, lately.
    pub broken_checks: &'a [BrokenCheck],
    /// All pools fail at once.
    pub everywhere: Option<&'a Everywhere>,
    /// What was found a second ago.
    pub before: Option<&'a Findings>,
}

/// What was found about a pool, once a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// What the rules found. Of two that explain a request, the first does.
    pub list: Vec<Finding>,
    /// Why requests of the pool failed in the last thirty seconds, the most frequent first.
    pub causes: Vec<(Cause, u32)>,
    /// The usual median latency.
    pub usual_p50: Option<Duration>,
    /// What 99 % of answers usually take at most.
    pub usual_p99: Option<Duration>,
    /// Backends are slower than usual.
    pub slower: bool,
    /// More is asked than usual.
    pub busier: bool,
    /// Backends that have answered well in the last second.
    pub answering: Vec<Arc<str>>,
    /// Attempts that were waited for beyond their time.
    pub late: Option<Late>,
    /// Why attempts failed in the last thirty seconds, the most frequent first, be it that another one has saved the
    /// request.
    #[serde(default)]
    pub spoiled: Vec<(Cause, u32)>,
    /// Backends at which at least half of the attempts of the last five seconds failed.
    #[serde(default)]
    pub failing: Vec<Arc<str>>,
    /// All pools fail at once (rule R6).
    #[serde(default)]
    pub everywhere: Option<Everywhere>,
}

/// How far back causes are counted.
const CAUSES: u64 = 30;
/// How far back an answer proves that a backend answers: the last whole second, as one that was cut off a moment ago
/// has answered before that.
const ANSWERS: u64 = 1;

/// Asks every rule.
///
/// The order is the order of precedence: what is wrong with ourselves makes everything else look wrong; what
/// bytes prove comes before what numbers show; the narrow before the wide.
pub fn judge(inputs: &Inputs<'_>) -> Findings {
    let history = inputs.history;
    let usual = history.usual();
    let failing = failing(history);
    // Backends that fail answer no more with more in flight either.
    let fail = is_half(failing.len(), history.backends().len())
        && seen(&history.causes(RECENT)).is_some_and(|cause| !is_late(cause));
    let tested = !fail && inputs.limit.is_some_and(|limit| limit.saturated);
    let mut list = Vec::new();
    let ours = inputs.own.finding();
    // Suspect self first: where the kernel's own account is silent, by what the witness says.
    list.extend(ours.or_else(|| inputs.everywhere.and_then(Everywhere::finding)));
    list.extend(plaintext::plaintext(inputs.speak_tls));
    list.extend(draining::draining(inputs.departures, inputs.now));
    let release = release::release(history);
    // Zones that run different releases differ by that.
    if release.is_none() {
        list.extend(zone::zone(history));
    }
    list.extend(release);
    list.extend(same_words::same_words(
        history,
        usual,
        inputs.words,
        inputs.now,
    ));
    list.extend(silent::silent(history, inputs.silent, inputs.now));
    let slow = one_slow::one_slow(history, usual);
    let but = slow
        .as_ref()
        .and_then(|slow| slow.backends.first().cloned());
    let but = but.as_deref();
    list.extend(slow);
    let storm = storm::storm(history, usual);
    let saturated = match storm {
        // The same load, counted once.
        Some(_) => None,
        None => saturated::saturated(history, usual, tested, but),
    };
    let learned = inputs.limit.filter(|limit| tested && !limit.fixed);
    let saturated = saturated.map(|found| match learned {
        Some(LimitState { limit, .. }) => found.with(Fact::LimitLearned { limit }),
        None => found,
    });
    if storm.is_none() && saturated.is_none() {
        list.extend(shared_latency::shared_latency(history, usual));
        // Backends that fail have no room for more.
        let limit = inputs.limit.filter(|_| !fail);
        list.extend(limit.and_then(|state| limit::limit(history, usual, state)));
    }
    let load = offered(history);
    let times = |by: f64| {
        let both = usual.zip(load);
        both.is_some_and(|(usual, load)| load >= usual.offered * by)
    };
    if saturated.is_some() && times(spike::SPIKE) {
        let mut spike = Finding::new(
            Cause::OverloadTrafficSpike,
            crate::diagnosis::Grade::Suspected,
        );
        spike.facts = saturated
            .iter()
            .flat_map(|s| s.facts.first().cloned())
            .collect();
        list.push(spike);
    }
    list.extend(spike::concentrated(history, usual));
    list.extend(storm);
    list.extend(saturated);
    list.extend(checks::checks(history, inputs.broken_checks));
    if let Some(before) = inputs.before.filter(|_| is_shut(history)) {
        keep(&mut list, before, history);
    }
    let slow = usual.and_then(|usual| Slow::of(history, usual));
    let from = history.newest().saturating_sub(ANSWERS);
    // What is worked out for a backend is believed where requests were answered at all.
    let any = history.last(ANSWERS).any(|s| s.good > 0);
    let answers = |b: &&BackendHistory| any && b.answered(from) > 0;
    let answering = history.backends().iter().filter(answers);
    Findings {
        list,
        causes: history.causes(CAUSES),
        spoiled: history.spoiled(CAUSES),
        usual_p50: usual.and_then(|usual| usual.p50),
        usual_p99: usual.and_then(|usual| usual.p99),
        slower: slow.is_some_and(|slow| slow.slow > 0),
        busier: times(RISE),
        answering: answering.map(|b| Arc::clone(&b.label.name)).collect(),
        late: inputs.late,
        failing,
        everywhere: inputs.everywhere.cloned(),
    }
}

/// Backends that fail as many as they answer, lately. What is under way counts for neither.
fn failing(history: &History) -> Vec<Arc<str>> {
    let from = history.newest().saturating_sub(RECENT);
    let fails = |backend: &&BackendHistory| {
        let (_, failed) = backend.tally(from);
        failed > 0 && failed >= backend.answered(from)
    };
    let failing = history.backends().iter().filter(fails);
    failing.map(|b| Arc::clone(&b.label.name)).collect()
}

/// Requests fail, and hardly any is sent: a circuit is open, or all backends are out. Nothing can be
/// measured, and what was found before that is why.
fn is_shut(history: &History) -> bool {
    let from = history.newest().saturating_sub(RECENT);
    let attempts: u64 = history.backends().iter().map(|b| b.tally(from).0).sum();
    let (failed, all) = history.last(RECENT).fold((0, 0), |(failed, all), s| {
        (failed + u64::from(s.failed()), all + u64::from(s.offered))
    });
    failed > 0 && attempts * 4 < all
}

/// Keeps of what was found before what is about backends that were asked. Of late answers alone only as long as it is not
/// known that they fail: before that is, what hangs looks like too much to do.
fn keep(list: &mut Vec<Finding>, before: &Findings, history: &History) {
    let fail = seen(&history.causes(CAUSES)).is_some_and(|cause| !is_late(cause));
    for finding in &before.list {
        if fail && is_of_late_answers(finding) {
            continue;
        }
        let measured = matches!(
            finding.cause,
            Cause::DependencyShared
                | Cause::OverloadPoolSaturated
                | Cause::OverloadRetryStorm
                | Cause::ConfigBadRelease
        );
        let known = list.iter().any(|known| known.cause == finding.cause);
        if measured && !known {
            list.push(finding.clone());
        }
    }
}

/// It rests on how long answers take.
fn is_of_late_answers(finding: &Finding) -> bool {
    let slower = |fact: &Fact| matches!(fact, Fact::Slower { .. });
    finding.cause == Cause::OverloadPoolSaturated
        || finding.cause == Cause::DependencyShared && finding.facts.iter().any(slower)
}
