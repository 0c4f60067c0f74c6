//! What a failed request has to do with what was found about its pool (rule R20).
//!
//! A request has one primary cause: what its own attempts show, or the first finding that takes the place
//! of that. What its pool's other requests fail of stands beside it with its share: two things at once
//! stay two things.

use std::borrow::Cow;

use super::diagnose::is_own_limit;
use super::precedence::Decisive;
use super::rules::{Finding, Findings, Role, backlog, timeout};
use super::{Context, Evidence, shared};
use crate::cause::{Category, Cause};

/// The findings that have to do with a request, by what they are to it.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// It is the cause, in place of the mechanical one.
    pub(super) replaces: Option<Cow<'a, Finding>>,
    /// It lies behind the cause.
    pub(super) behind: Option<Cow<'a, Finding>>,
    /// They say more about the cause.
    pub(super) confirms: Vec<Cow<'a, Finding>>,
}

/// Smaller shares are noise.
const LEAST_SHARE: f64 = 0.05;
/// So are fewer attempts.
const FEWEST_ATTEMPTS: u32 = 3;

impl<'a> Found<'a> {
    /// What was found that concerns `decisive`, whose root is `root`.
    pub(super) fn of(
        decisive: Option<Decisive<'a>>,
        root: Option<Cause>,
        context: &'a Context,
    ) -> Self {
        let mut found = Self::default();
        let (Some(Decisive { attempt, cause }), Some(findings)) = (decisive, &context.findings)
        else {
            return found;
        };
        let backend = attempt.backend.as_deref();
        let own = [
            backlog(attempt, context).filter(|_| cause == Cause::DependencyConnectTimeout),
            timeout(attempt, findings).filter(|_| cause == Cause::DependencyResponseTimeout),
        ];
        let own = own.into_iter().flatten().map(Cow::Owned);
        let all = findings.list.iter().map(Cow::Borrowed).chain(own);
        for finding in all {
            // A refusal has no backend: what concerns some of them lies behind it all the same.
            if !finding.concerns(backend) && backend.is_some() {
                continue;
            }
            let for_root = |root: Cause| finding.role(root);
            // What the backends fail with goes before their being saturated, which may be only how that looks.
            let deeper = |root: Cause| root != finding.cause && root != Cause::Unclassified;
            let role = match finding.role(cause) {
                Some(Role::Replaces)
                    if cause.category() == Category::Overload
                        && finding.cause == Cause::OverloadPoolSaturated
                        && root.is_some_and(deeper) =>
                {
                    Some(Role::Behind)
                }
                role => role,
            };
            match role {
                Some(Role::Confirms) => found.confirms.push(finding),
                // What is known of this backend alone is nearer than what is known of all.
                // A backend that is slow by itself is no reason to call the time too short.
                Some(Role::Replaces)
                    if found.is_told_apart() && finding.cause == Cause::ConfigTimeoutTooShort => {}
                Some(Role::Replaces) if found.is_told_apart() => found.confirms.push(finding),
                Some(Role::Replaces) if found.replaces.is_none() => found.replaces = Some(finding),
                Some(Role::Beside) => found.confirms.push(finding),
                Some(Role::Behind) if !is_shut(cause, context) => {
                    found.behind.get_or_insert(finding);
                }
                // What a circuit has opened for is its root, unless the finding is the cause of that. What only lies
                // behind that root stands beside it.
                Some(Role::Behind) => match root.map(for_root) {
                    None | Some(Some(Role::Replaces | Role::Confirms)) => {
                        found.behind.get_or_insert(finding);
                    }
                    Some(Some(Role::Behind | Role::Beside)) => found.confirms.push(finding),
                    Some(None) => {}
                },
                _ => {}
            }
        }
        found
    }

    /// Something was found about the backend of the request, and it is what the request shows.
    fn is_told_apart(&self) -> bool {
        self.replaces.is_none() && self.confirms.iter().any(|f| !f.backends.is_empty())
    }

    /// Every finding that was taken, the most important first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Finding> {
        let first = self.replaces.iter().chain(&self.behind);
        first.chain(&self.confirms).map(|finding| &**finding)
    }
}

/// An open circuit refused the request, or let nobody through while it stood in line.
fn is_shut(cause: Cause, context: &Context) -> bool {
    cause.category() == Category::CircuitOpen || is_own_limit(cause) && context.circuit.is_some()
}

/// What the pool's requests failed of lately, with shares. A mechanical cause that a finding about all
/// backends explains counts as that: it was not known yet when the request failed.
pub(super) fn shares(context: &Context) -> Vec<(Cause, f64)> {
    let counted = counted(context);
    let of: u32 = counted.iter().map(|(_, count)| count).sum();
    counted
        .into_iter()
        .map(|(cause, count)| (cause, f64::from(count) / f64::from(of.max(1))))
        .filter(|(_, share)| *share >= LEAST_SHARE)
        .collect()
}

/// What the pool's attempts failed of lately, however their requests ended: what another attempt has saved is wrong as
/// well.
pub(super) fn attempts(context: &Context) -> impl Iterator<Item = Cause> {
    let all = context.findings.as_ref();
    let all = all.map(|findings| told(&findings.spoiled, findings, context));
    let all = all.unwrap_or_default();
    let of: u32 = all.iter().map(|(_, count)| count).sum();
    all.into_iter()
        .filter(move |(_, count)| {
            *count >= FEWEST_ATTEMPTS && f64::from(*count) >= f64::from(of) * LEAST_SHARE
        })
        .map(|(cause, _)| cause)
}

fn counted(context: &Context) -> Vec<(Cause, u32)> {
    let findings = context.findings.as_ref();
    findings.map_or_else(Vec::new, |found| told(&found.causes, found, context))
}

fn told(causes: &[(Cause, u32)], findings: &Findings, context: &Context) -> Vec<(Cause, u32)> {
    let mut all: Vec<(Cause, u32)> = Vec::new();
    for (cause, count) in causes {
        let cause = explained(*cause, findings, context);
        match all.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, sum)) => *sum += count,
            None => all.push((cause, *count)),
        }
    }
    all.sort_by_key(|(cause, count)| (core::cmp::Reverse(*count), *cause));
    all
}

fn explained(cause: Cause, findings: &Findings, context: &Context) -> Cause {
    if shared::behind(cause, &shared::named(context)).is_some() {
        return Cause::DependencyShared;
    }
    let by = findings
        .list
        .iter()
        .find(|finding| finding.backends.is_empty() && finding.role(cause) == Some(Role::Replaces));
    by.map_or(cause, |finding| finding.cause)
}

/// The composition as an observation, where it is more than one thing.
pub(super) fn composition(context: &Context) -> Option<Evidence> {
    let causes = counted(context);
    let of = causes.iter().map(|(_, count)| count).sum();
    (causes.len() > 1).then_some(Evidence::Composition { causes, of })
}
