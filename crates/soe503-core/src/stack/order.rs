//! Which layer goes outside of which.

use super::part::{Kind, Part};
use super::problem::Problem;

pub(super) fn check(parts: &[Part], problems: &mut Vec<Problem>) {
    let right = in_order(parts);
    for (i, outer) in parts.iter().enumerate() {
        for inner in &parts[i + 1..] {
            let (outer, inner) = (outer.kind(), inner.kind());
            if outer > inner {
                problems.push(misplaced(outer, inner, &right));
            }
        }
    }
    let mut told = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let kind = part.kind();
        if parts[..i].iter().any(|other| is_twice(other, part)) && !told.contains(&kind) {
            told.push(kind);
            problems.push(twice(part));
        }
    }
}

/// Callers may be told apart in several ways, each with a limit of its own.
fn is_twice(one: &Part, other: &Part) -> bool {
    match (one, other) {
        (Part::RateLimit { name: one }, Part::RateLimit { name: other }) => one == other,
        _ => one.kind() == other.kind(),
    }
}

/// `inner` stands inside of `outer`, and belongs outside.
fn misplaced(outer: Kind, inner: Kind, right: &str) -> Problem {
    Problem {
        setting: inner.as_str(),
        found: format!("stands inside of {outer}").into(),
        expected: format!("outside of {outer}").into(),
        why: why(inner, outer).into(),
        nearest: format!("the order {right}").into(),
    }
}

/// Why `outer` belongs outside of `inner`.
fn why(outer: Kind, inner: Kind) -> &'static str {
    match (outer, inner) {
        (Kind::Explain, _) => "what fails outside of explain reaches the caller without a reason",
        (Kind::RateLimit, _) => {
            "each request of a caller counts once, and before anything is done for it"
        }
        (Kind::Throttle, Kind::Timeout) => "what is held back needs no deadline",
        (Kind::Throttle, _) => {
            "a request counts once however often it is tried, and what is held back must not take a place"
        }
        (Kind::Timeout, Kind::Retry) => {
            "inside of retry each attempt would have the whole time again; what one attempt may take is \
             retry.attempt_timeout"
        }
        (Kind::Timeout, _) => {
            "the deadline has to bound the wait for a turn, all attempts, and the pauses between them"
        }
        (Kind::Failover, _) => {
            "each pool has a limit, retries and a circuit of its own, and failover goes around the whole of it"
        }
        (Kind::ConcurrencyLimit, _) => {
            "a request takes one place however often it is tried, and keeps it while it waits for its next attempt"
        }
        (Kind::Retry, Kind::CircuitBreaker) => {
            "the circuit would see what retries could not save and not the attempts, open late, and refuse \
             whole requests where another attempt could have waited"
        }
        (Kind::Retry, _) => "inside of it, each attempt could not go to another backend",
        (Kind::CircuitBreaker, _) => "the circuit is that of all backends together",
        _ => "what picks a backend comes last",
    }
}

fn twice(part: &Part) -> Problem {
    let (why, nearest) = match part {
        Part::Explain => (
            "the inner one answers, and the outer one finds nothing to explain",
            "one explain, outermost",
        ),
        Part::RateLimit { .. } => (
            "each request would take two from the same quota",
            "one of them, or a limit with a name of its own",
        ),
        Part::Throttle { .. } => (
            "what one holds back looks like a refusal to the other",
            "one throttle",
        ),
        Part::Timeout { .. } => (
            "the sooner deadline holds and the other does nothing",
            "the shorter of the two, and retry.attempt_timeout for single attempts",
        ),
        Part::Failover { .. } => (
            "the pools of one could be asked again by the other",
            "one failover with all pools",
        ),
        Part::ConcurrencyLimit { .. } => (
            "a request would wait in one line while it holds a place of the other",
            "one concurrency_limit; ConcurrencyLimit::bulkhead for a smaller limit of a part",
        ),
        Part::Retry { .. } => ("retries of retries multiply", "one retry, the outer one"),
        Part::CircuitBreaker { .. } => (
            "what one refuses would count with the other, or hide from it",
            "one circuit_breaker around the pool, which ejects single backends by itself",
        ),
        Part::Pool { .. } => (
            "a pool takes the place of the service",
            "failover for several pools",
        ),
    };
    Problem {
        setting: part.kind().as_str(),
        found: "is there twice".into(),
        expected: "one".into(),
        why: why.into(),
        nearest: nearest.into(),
    }
}

/// The kinds of `parts` as they should stand.
fn in_order(parts: &[Part]) -> String {
    let mut kinds: Vec<Kind> = parts.iter().map(Part::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let names: Vec<&str> = kinds.into_iter().map(Kind::as_str).collect();
    names.join(" > ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_has_its_reason() {
        use Kind::{
            CircuitBreaker, ConcurrencyLimit, Explain, Failover, Pool, RateLimit, Retry, Throttle,
            Timeout,
        };
        for (outer, inner, begins) in [
            (Explain, RateLimit, "what fails outside of explain"),
            (RateLimit, Throttle, "each request of a caller counts once"),
            (Throttle, Timeout, "what is held back needs no deadline"),
            (
                Throttle,
                Retry,
                "a request counts once however often it is tried",
            ),
            (Timeout, Retry, "inside of retry each attempt would have"),
            (
                Timeout,
                ConcurrencyLimit,
                "the deadline has to bound the wait",
            ),
            (Failover, Retry, "each pool has a limit"),
            (ConcurrencyLimit, Retry, "a request takes one place"),
            (Retry, CircuitBreaker, "the circuit would see what retries"),
            (Retry, Pool, "inside of it, each attempt could not"),
            (
                CircuitBreaker,
                Pool,
                "the circuit is that of all backends together",
            ),
            (Pool, Pool, "what picks a backend comes last"),
        ] {
            let why = why(outer, inner);
            assert!(why.starts_with(begins), "{outer} > {inner}: {why}");
        }
    }
}
