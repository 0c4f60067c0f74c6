//! Observations in words. Made late: only when a failure is told.

use core::time::Duration;

use super::clean::clean;
use super::digits::{join, number};
use super::faults;
use super::measured;
use super::names::Names;
use super::shown::Shown;
use super::time;
use crate::cause::Cause;
use crate::diagnosis::{Because, Evidence};
use crate::ledger::{Attempt, Fault, Phase, RetryVerdict};
use crate::maintenance::Notice;
use crate::metastable::Stage;
use crate::rate::Limited;

/// Most sentences are shorter.
const USUAL: usize = 128;

/// A duration that a person reads: two or three digits and a unit.
pub(crate) fn duration(duration: Duration) -> String {
    let mut out = String::with_capacity(8);
    took(&mut out, duration);
    out
}

/// Appends the same.
pub(super) fn took(out: &mut String, duration: Duration) {
    Shown::of(duration).put(out);
}

/// Appends how long ago something was, or how long it will be: nobody needs more than tenths of a second of it.
fn about(out: &mut String, duration: Duration) {
    match Shown::about(duration) {
        shown if shown.is_nothing() => out.push_str("less than 0.1 s"),
        shown => shown.put(out),
    }
}

/// One attempt in a sentence.
fn attempt(out: &mut String, attempt: &Attempt, names: &Names<'_>) {
    out.push_str(if attempt.hedge {
        "hedge, attempt "
    } else {
        "attempt "
    });
    number(out, attempt.number.into());
    if let Some(name) = attempt.backend.as_deref() {
        let name = names.backend(name, attempt.address.as_deref());
        join(out, &[" on ", &name]);
    }
    join(out, &[": ", &faults::fault(attempt, names), " after "]);
    took(out, attempt.elapsed);
}

/// One observation in a sentence.
pub(super) fn evidence(evidence: &Evidence, names: &Names<'_>) -> String {
    let mut out = String::with_capacity(USUAL);
    tell(&mut out, evidence, names);
    out
}

/// Appends the same.
fn tell(out: &mut String, evidence: &Evidence, names: &Names<'_>) {
    match evidence {
        Evidence::Attempt { attempt: a, .. } => attempt(out, a, names),
        Evidence::Failover {
            pool,
            attempt: a,
            cause,
        } => {
            join(out, &["instead in the pool ", &clean(pool, 64), ": "]);
            match &a.fault {
                Some(Fault::Refused(_)) => join(out, &["not tried: ", cause.info().title]),
                _ => attempt(out, a, names),
            }
        }
        Evidence::Circuit {
            rule,
            causes,
            open_for,
            probe_in,
            last_probe,
            knocked,
        } => {
            out.push_str("circuit open");
            if let Some(open_for) = open_for {
                out.push_str(" for ");
                about(out, *open_for);
            }
            join(out, &[" (", last(*rule), ")"]);
            for (at, (cause, count)) in causes.iter().take(3).enumerate() {
                out.push_str(if at == 0 { " after " } else { ", " });
                if *count > 0 {
                    number(out, u64::from(*count));
                    out.push_str(" × ");
                }
                out.push_str(last(*cause));
            }
            if let Some((ago, cause)) = last_probe {
                out.push_str("; last probe ");
                about(out, *ago);
                join(out, &[" ago: ", last(*cause)]);
            }
            if let Some((ago, cause)) = knocked {
                out.push_str("; knocked ");
                about(out, *ago);
                join(out, &[" ago: ", last(*cause)]);
            }
            if let Some(probe_in) = probe_in {
                out.push_str("; next probe in ");
                about(out, *probe_in);
            }
        }
        Evidence::Backends { total, in_rotation } => {
            number(out, *in_rotation as u64);
            out.push_str(" of ");
            number(out, *total as u64);
            out.push_str(" backends in rotation");
        }
        Evidence::Backend {
            name,
            address,
            condition,
            cause,
            since,
        } => {
            let name = names.backend(name, address.as_deref());
            join(out, &[&name, " ", condition.word()]);
            if let Some(since) = since {
                out.push_str(" for ");
                about(out, *since);
            }
            if let Some(cause) = cause {
                join(out, &[": ", cause.id()]);
            }
        }
        Evidence::Component {
            name,
            output,
            backends,
            of,
        } => {
            let name = names.component(name);
            join(out, &[&name, " fails, say the health checks of "]);
            number(out, *backends as u64);
            out.push_str(" of ");
            number(out, *of as u64);
            out.push_str(" backends");
            if let Some(output) = output.as_deref().filter(|_| names.full()) {
                join(out, &[": ", &clean(output, 160)]);
            }
        }
        Evidence::Limit { limit, in_use } => faults::in_use(out, *in_use, *limit),
        Evidence::Quota(limited) => out.push_str(&quota(limited)),
        Evidence::Throttle(told) => out.push_str(&format!(
            "the backends accepted {} of the last {} requests: {} are held back",
            told.accepted, told.requests, told.probability
        )),
        Evidence::Maintenance(notice) => out.push_str(&maintenance(notice)),
        Evidence::Queue {
            limit,
            in_use,
            waiting,
            waited,
            class,
        } => {
            faults::in_use(out, *in_use, *limit);
            out.push_str(", ");
            number(out, *waiting);
            out.push_str(" waiting; turned away");
            if !waited.is_zero() {
                out.push_str(" after ");
                took(out, *waited);
            }
            join(out, &[", priority ", class.as_str()]);
        }
        Evidence::BackendsFull(full) => out.push_str(&faults::full_backends(full)),
        Evidence::Metastable { stage, why } => {
            let done = match stage {
                Stage::Normal => "nothing is cut",
                Stage::RetriesCut => "retries are cut",
                Stage::QueueCut => "retries and the wait are cut",
                Stage::Shedding => "no more is let in than is answered",
            };
            out.push_str(&format!(
                "the overload keeps itself going, so {done}: {why}"
            ));
        }
        Evidence::Measured(fact) => out.push_str(&measured::fact(fact, names)),
        Evidence::Composition { causes, of } => measured::composition(out, causes, *of),
        Evidence::Decision { cause } => join(out, &["not tried: ", cause.info().title]),
    }
}

/// A caller's quota, and when it has room.
fn quota(limited: &Limited) -> String {
    let quota = &limited.quota;
    format!(
        "the limit {} allows {} in {} and {} at once; room again in {}",
        clean(&limited.name, 64),
        quota.requests,
        duration(quota.per),
        quota.burst,
        duration(limited.wait)
    )
}

/// A planned interruption: of what, by whom, why, until when.
fn maintenance(notice: &Notice) -> String {
    let until = match notice.end {
        Some(end) => time::rfc3339(end),
        None => "it is ended by hand".to_owned(),
    };
    format!(
        "maintenance of {} since {} until {until}, by {}: {}",
        clean(&notice.target, 64),
        time::rfc3339(notice.start),
        clean(&notice.by, 64),
        clean(&notice.reason, 160)
    )
}

/// What kind of observation it is, for programs.
pub(super) fn kind(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Attempt { .. } => "attempt",
        Evidence::Failover { .. } => "failover",
        Evidence::Circuit { .. } => "circuit",
        Evidence::Backends { .. } => "backends",
        Evidence::Backend { .. } => "backend",
        Evidence::Component { .. } => "component",
        Evidence::Limit { .. } => "limit",
        Evidence::Quota(_) => "quota",
        Evidence::Throttle(_) => "throttle",
        Evidence::Maintenance(_) => "maintenance",
        Evidence::Queue { .. } => "queue",
        Evidence::BackendsFull(_) => "backends_full",
        Evidence::Metastable { .. } => "metastable",
        Evidence::Measured(_) => "measured",
        Evidence::Composition { .. } => "composition",
        Evidence::Decision { .. } => "decision",
    }
}

/// What speaks against a cause.
pub(super) fn because(because: &Because) -> String {
    match because {
        Because::Connected(Some(took)) => format!("TCP connect worked in {}", duration(*took)),
        Because::Connected(None) => "the connection was open already".to_owned(),
        Because::HostAnswered(after) => {
            format!("the host answered the connect after {}", duration(*after))
        }
        Because::AcceptedBefore => "it accepted connections before".to_owned(),
        Because::NeverAccepted => "no backend that was tried ever accepted".to_owned(),
        Because::Fresh => "the connection was fresh".to_owned(),
        Because::IdleOnly(age) => {
            format!("the connection had been idle for only {}", duration(*age))
        }
        Because::NoneDraining(total) => {
            let mut out = String::with_capacity(USUAL);
            out.push_str("none of ");
            number(&mut out, *total as u64);
            out.push_str(" backends is draining");
            out
        }
        Because::Ample { allowed, usual } => format!(
            "{} were allowed, and 99 % of answers take at most {}",
            duration(*allowed),
            duration(*usual)
        ),
        Because::NoSheddingMark(after) => {
            format!(
                "no mark of load shedding, answered after {}",
                duration(*after)
            )
        }
        Because::PooledStalled => "established connections stall as well".to_owned(),
        Because::Acknowledged => "its machine has acknowledged the request".to_owned(),
        Because::LoadFlat(now, usual) => format!(
            "{} requests/s come, usually {}: the load has not risen",
            measured::rate(*now),
            measured::rate(*usual)
        ),
        Because::LoadRose(now, usual) => format!(
            "{} requests/s come, usually {}: the load has risen",
            measured::rate(*now),
            measured::rate(*usual)
        ),
        Because::OthersFine(1) => "the other backend is as fast as usual".to_owned(),
        Because::OthersFine(others) => format!("the other {others} backends are as fast as usual"),
        Because::AsFastAsUsual(now, usual) => format!(
            "the backends take {}, usually {}",
            duration(*now),
            duration(*usual)
        ),
    }
}

/// Why it was not tried again.
pub(super) const fn verdict(verdict: RetryVerdict) -> &'static str {
    match verdict {
        RetryVerdict::Retried => "tried again",
        RetryVerdict::UnsafeToReplay => {
            "not tried again: the request is not idempotent and part of it had been sent, so a second try could run it twice"
        }
        RetryVerdict::ResponseStarted => "not tried again: the response had started",
        RetryVerdict::BodyTooLarge => {
            "not tried again: the request's body is larger than what is kept for a replay"
        }
        RetryVerdict::AttemptsSpent => "not tried again: all attempts are spent",
        RetryVerdict::BudgetEmpty => "not tried again: the retry budget is empty",
        RetryVerdict::RetriesCut => {
            "not tried again: most attempts fail, so retries are off until they do not"
        }
        RetryVerdict::NoTimeLeft => "not tried again: the deadline leaves no time for it",
        RetryVerdict::NoOtherBackend => "not tried again: no other backend is left to try",
        RetryVerdict::Pointless => "not tried again: it would fail in the same way",
        RetryVerdict::Hedged => "another attempt was under way already",
        RetryVerdict::Outrun => "cancelled: another attempt was answered first",
        RetryVerdict::ClientGone => "not tried again: the client left",
        RetryVerdict::Disabled => "not tried again: retries are off",
    }
}

/// The phase, as the admin API spells it.
pub(super) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Queue => "queue",
        Phase::Dns => "dns",
        Phase::Connect => "connect",
        Phase::Tls => "tls",
        Phase::Write => "write",
        Phase::WaitHeaders => "wait_headers",
        Phase::Body => "body",
        Phase::Done => "done",
    }
}

/// An identifier without its category, which the reader has seen by then.
pub(super) fn last(cause: Cause) -> &'static str {
    match cause.id().split_once('/') {
        Some((_, last)) => last,
        None => cause.id(),
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
