//! The API's terms in words for people.

use core::time::Duration;

use soe503_api::{
    Grade, LinkedChange, Phase, RetryVerdict, Scope, ScopeLevel, Timestamp, Verified,
};

use crate::show::age;

/// How sure a cause is.
pub(crate) const fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Proven => "proven",
        Grade::Inferred => "inferred",
        Grade::Suspected => "suspected",
        _ => "of unknown grade",
    }
}

/// What an attempt was doing when it ended.
pub(super) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Queue => "before a backend was chosen",
        Phase::Dns => "while resolving the name",
        Phase::Connect => "while connecting",
        Phase::Tls => "in the TLS handshake",
        Phase::Write => "while sending the request",
        Phase::WaitHeaders => "while waiting for the answer",
        Phase::Body => "while receiving the body",
        Phase::Done => "at the end",
        _ => "in an unknown phase",
    }
}

/// Why there was, or was not, another attempt.
pub(super) const fn retry(verdict: RetryVerdict) -> &'static str {
    match verdict {
        RetryVerdict::Retried => "tried again",
        RetryVerdict::UnsafeToReplay => "not tried again: it could have run twice",
        RetryVerdict::ResponseStarted => "not tried again: the response had started",
        RetryVerdict::BodyTooLarge => "not tried again: the body is larger than the replay buffer",
        RetryVerdict::AttemptsSpent => "not tried again: all attempts are spent",
        RetryVerdict::BudgetEmpty => "not tried again: the retry budget is empty",
        RetryVerdict::RetriesCut => "not tried again: most attempts fail, so retries are off",
        RetryVerdict::NoTimeLeft => "not tried again: no time left before the deadline",
        RetryVerdict::NoOtherBackend => "not tried again: no other backend is left",
        RetryVerdict::Pointless => "not tried again: it would be the same elsewhere",
        RetryVerdict::Hedged => "a hedge was under way already",
        RetryVerdict::Outrun => "cancelled, as another attempt was answered first",
        RetryVerdict::ClientGone => "not tried again: the client left",
        RetryVerdict::Disabled => "not tried again: retries are turned off",
        _ => "not tried again",
    }
}

/// How far it reaches: `pool orders, 3/3 backends`.
pub(super) fn scope(scope: &Scope) -> String {
    let pool = scope.pool.as_deref();
    let of_pool = |what: &str| match pool {
        Some(pool) => format!("{what} of pool {pool}"),
        None => what.to_owned(),
    };
    let place = match scope.level {
        ScopeLevel::Request => of_pool("only requests like this one"),
        ScopeLevel::Backend => of_pool("one backend"),
        ScopeLevel::Subset => of_pool("some backends"),
        ScopeLevel::Pool => pool.map_or_else(|| "the pool".to_owned(), |p| format!("pool {p}")),
        ScopeLevel::AllPools => "all pools".to_owned(),
        _ => of_pool("an unknown part"),
    };
    match (scope.backends_affected, scope.backends_total) {
        (Some(affected), Some(total)) => format!("{place}, {affected}/{total} backends"),
        _ => place,
    }
}

/// The time of the day, in UTC: `17:40:52`.
pub(crate) fn clock(time: Timestamp) -> String {
    time.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// `8s after: deploy cart v2.8.0 (argocd, rev 9f3c1e2)`.
pub(crate) fn linked(linked: &LinkedChange) -> String {
    let change = &linked.change;
    let apart = age(Duration::from_millis(linked.before_ms.unsigned_abs()));
    let order = if linked.before_ms < 0 {
        "before"
    } else {
        "after"
    };
    let more: Vec<&str> = change
        .by
        .iter()
        .chain(&change.notes)
        .map(|t| &**t)
        .collect();
    let more = match more.is_empty() {
        true => String::new(),
        false => format!(" ({})", more.join(", ")),
    };
    let proven = match linked.grade {
        Grade::Proven => "; taking it back ended it",
        _ => "",
    };
    format!("{apart} {order}: {}{more}{proven}", change.title)
}

/// `not cured 3m ago, asked by alice`.
pub(crate) fn verified(verified: &Verified, now: Timestamp) -> String {
    let by = verified.by.as_deref();
    let by = by.map_or_else(String::new, |by| format!(", asked by {by}"));
    format!(
        "{} {} ago{by}",
        verified.verdict,
        age(now.since(verified.at))
    )
}
