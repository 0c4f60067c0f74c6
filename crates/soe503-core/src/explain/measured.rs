//! What rules went by, in words.

use super::clean::clean;
use super::digits::{join, number};
use super::names::Names;
use super::words::{duration, last};
use crate::cause::Cause;
use crate::diagnosis::rules::{Fact, Missing, errno_or_number};

/// A rate that a person reads.
pub(super) fn rate(rate: f64) -> String {
    if rate >= 10.0 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.1}")
    }
}

/// A share that a person reads.
fn percent(part: u64, of: u64) -> String {
    let share = part as f64 * 100.0 / of.max(1) as f64;
    let mut out = String::with_capacity(8);
    number(&mut out, share.round_ties_even() as u64);
    out.push_str(" %");
    out
}

/// One number in a sentence.
pub(super) fn fact(fact: &Fact, names: &Names<'_>) -> String {
    let backend = |name: &str| names.backend(name, None);
    match fact {
        Fact::Load { offered, usual } => format!(
            "{} requests/s come, usually {}",
            rate(*offered),
            rate(*usual)
        ),
        Fact::Slower {
            p50,
            usual,
            backends,
            of,
        } => format!(
            "{backends} of {of} backends are slow: half of the answers take {} or more, usually {}",
            duration(*p50),
            duration(*usual)
        ),
        Fact::Correlated { rho, backends, of } => format!(
            "latency rises with the requests in flight on {backends} of {of} backends (rho {rho:.2})"
        ),
        Fact::Shortfall { good, offered } => format!(
            "{} of {} requests/s are answered well",
            rate(*good),
            rate(*offered)
        ),
        Fact::Busy {
            utilization,
            backends,
            of,
        } => format!(
            "{backends} of {of} backends report that they are {:.0} % busy or more",
            utilization * 100.0
        ),
        Fact::LimitTested => {
            "with fewer requests at once the backends answer as many: they are saturated".to_owned()
        }
        Fact::LimitLearned { limit } => {
            format!("the limit of {limit} at once was learned from that, nobody has set it")
        }
        Fact::Limited { limited, of } => format!(
            "limits of callers turned away {limited} of {of} requests in the last five seconds"
        ),
        Fact::Together { within, backends } => format!(
            "{backends} backends became slow within {}",
            duration((*within).max(core::time::Duration::from_secs(1)))
        ),
        Fact::Outlier {
            backend: name,
            p50,
            others,
            deviations,
        } => format!(
            "{} takes {}, the others {} ({deviations:.0} deviations)",
            backend(name),
            duration(*p50),
            duration(*others)
        ),
        Fact::Repeated {
            ours,
            clients,
            first,
        } => format!(
            "in ten seconds {ours} retries of ours and about {clients} of clients, for {first} first attempts"
        ),
        Fact::Left { left, of } => {
            format!("clients of {left} of {of} requests left before there was an answer")
        }
        Fact::Group {
            release,
            failed,
            of,
            others_failed,
            others_of,
            chance,
        } => format!(
            "release {}: {failed} of {of} attempts failed ({}), others: {others_failed} of {others_of} ({}); by chance: {chance:.0e}",
            clean(release, 48),
            percent(*failed, *of),
            percent(*others_failed, *others_of)
        ),
        Fact::Zone {
            zone,
            failed,
            of,
            others_failed,
            others_of,
            chance,
        } => format!(
            "zone {}: {failed} of {of} attempts failed ({}), others: {others_failed} of {others_of} ({}); by chance: {chance:.0e}",
            clean(zone, 48),
            percent(*failed, *of),
            percent(*others_failed, *others_of)
        ),
        Fact::Throttled {
            throttled,
            periods,
            lag,
        } => format!(
            "this proxy was stopped by its processor quota in {throttled} of {periods} periods of a second; its timers were up to {} late",
            duration(*lag)
        ),
        Fact::Starved { pressure, lag } => format!(
            "processors were short for {:.0} % of a second on this machine; timers were up to {} late",
            pressure * 100.0,
            duration(*lag)
        ),
        Fact::Everywhere { pools, within } => format!(
            "all {pools} pools that are asked fail, since {} of each other",
            duration((*within).max(core::time::Duration::from_secs(1)))
        ),
        Fact::OnTheWay => {
            "all of them fail before a backend has anything to say: they share the way out of this machine, its resolver and its filters".to_owned()
        }
        Fact::Echo { took, lag, late } => format!(
            "this proxy answers itself over loopback within {}, timers of its workers are up to {} late: it is {}",
            duration(*took),
            duration(*lag),
            match late {
                true => "late itself",
                false => "well, and what the pools share lies behind it",
            }
        ),
        Fact::NoEcho { errno } => format!(
            "this proxy does not answer itself over loopback{}",
            errno.map_or_else(|| " in time".to_owned(), |number| format!(": {}", errno_or_number(number)))
        ),
        Fact::StillAnswers { backend: name } => format!(
            "{} answers on established connections meanwhile",
            backend(name)
        ),
        Fact::AnswersElsewhere {
            backend: name,
            took,
        } => format!(
            "the host of {} answers at another port within {}",
            backend(name),
            duration(*took)
        ),
        Fact::SilentElsewhere { backend: name } => format!(
            "the host of {} does not answer at another port either",
            backend(name)
        ),
        Fact::CheckOverruled { backends, of } => format!(
            "the health check of {backends} of {of} backends fails, or did a moment ago, while they answer requests"
        ),
        Fact::LateAnswers { came, of } => {
            format!("{came} of {of} that were waited for beyond their time were answered well")
        }
        Fact::Allowed { allowed, p50 } => format!(
            "{} are allowed, and half of the answers usually take {} or more",
            duration(*allowed),
            duration(*p50)
        ),
        Fact::Raise { limit, to, p50 } => format!(
            "{limit} requests are allowed at once, and the backends take {} as ever: {to} would do",
            duration(*p50)
        ),
        Fact::Bursts { in_use, limit } => format!(
            "of {limit} places {} are in use on average: the limit is hit by bursts",
            rate(*in_use)
        ),
        Fact::SayIdle {
            utilization,
            backends,
            of,
        } => format!(
            "{backends} of {of} backends report that they are {:.0} % busy or less",
            utilization * 100.0
        ),
        Fact::SameWords {
            backends,
            of,
            within,
        } => format!(
            "{backends} of {of} backends fail with the same words, since {} of each other",
            duration((*within).max(core::time::Duration::from_secs(1)))
        ),
        Fact::OutTooLate {
            delay,
            backends,
            pre_stop,
        } => format!(
            "{backends} backends refused for up to {} before they were taken out: a preStop delay of {} would have covered it",
            duration(*delay),
            duration(*pre_stop)
        ),
        Fact::SpeaksTls { backend: name } => format!(
            "{} is asked in plain text, and answers a TLS hello with a TLS record",
            backend(name)
        ),
    }
}

/// What requests failed of, in shares.
pub(super) fn composition(out: &mut String, causes: &[(Cause, u32)], of: u32) {
    out.push_str("of ");
    number(out, u64::from(of));
    out.push_str(" requests that failed in the last 30 s: ");
    for (at, (cause, count)) in causes.iter().take(4).enumerate() {
        let share = percent(u64::from(*count), u64::from(of));
        let gap = if at == 0 { "" } else { ", " };
        join(out, &[gap, &share, " ", last(*cause)]);
    }
}

/// What would have made it surer.
pub(super) const fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Usual => "what is usual: there were too few seconds in which all was well",
        Missing::LoadReports => "load reports of the backends",
        Missing::HealthDocuments => "health documents that name what backends depend on",
        Missing::RetryMarks => "a mark on the clients' retries, such as x-envoy-attempt-count",
        Missing::RouteMix => "whether the others were asked for the same routes",
        Missing::OtherPort => "whether another port of the host answers",
        Missing::Removal => "whether this backend is about to be taken out",
        Missing::Witness => "whether this proxy answers itself in time",
        Missing::Clock => "whether the clock of this machine is right",
        Missing::LateAnswers => "what would have come after the time allowed",
    }
}
