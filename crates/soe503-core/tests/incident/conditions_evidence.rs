//! What proves a condition, and which backends show it.

use soe503_core::diagnosis::Grade;
use soe503_core::health::Health;
use soe503_core::incident::condition::{BackendSeen, NameSeen, PathFound, conditions};
use soe503_core::pool::{BackendState, By};
use soe503_core::{Cause, Tick};

use super::conditions::{PATH, REFUSED, name, out, overruled, pool, status, well};

const SINCE: Tick = Tick::from_secs(100);
const NOW: Tick = Tick::from_secs(110);

#[test]
fn most_of_those_that_fail_say_what_is_wrong() {
    let fails = |code| overruled("a", status(code, SINCE));
    let told = conditions(&pool(NOW, vec![fails(401), fails(404), fails(404)]));
    assert_eq!(told[0].cause, PATH);
    assert_eq!(
        told[0].what,
        "the health check GET /status gets 401 and 404 at 3 of 3 backends, and requests are answered"
    );
}

/// Twenty answers by two backends.
#[test]
fn many_answers_by_several_backends_are_a_proof() {
    for (answered, grade, count, by) in [
        ([10, 10], Grade::Proven, Some(20), "2 backends (a:80, b:80)"),
        (
            [9, 10],
            Grade::Inferred,
            Some(19),
            "2 backends (a:80, b:80)",
        ),
        ([20, 0], Grade::Inferred, Some(20), "1 backend (a:80)"),
        ([0, 0], Grade::Inferred, None, "2 backends (a:80, b:80)"),
    ] {
        let [a, b] = [("a", answered[0]), ("b", answered[1])].map(|(name, answered)| BackendSeen {
            answered,
            ..overruled(name, status(404, SINCE))
        });
        let told = conditions(&pool(NOW, vec![a, b])).remove(0);
        assert_eq!(told.grade, grade, "{answered:?}");
        let traffic = &told.evidence[1];
        assert_eq!((traffic.kind, traffic.count), ("traffic", count));
        let what = format!("requests are answered by {by}, 99 % within 11 ms");
        assert_eq!(traffic.what, what, "{answered:?}");
    }
}

#[test]
fn observations_have_their_time() {
    let mut seen = pool(NOW, vec![overruled("a", status(404, SINCE))]);
    let found = |path: &str, at| PathFound {
        path: path.into(),
        status: Some(404),
        good: false,
        address: "a:80".into(),
        at: Tick::from_secs(at),
    };
    seen.check.as_mut().unwrap().found = vec![found("/", 107), found("/live", 108)];
    let told = conditions(&seen).remove(0);
    let times: Vec<_> = told.evidence.iter().map(|e| (e.since, e.at)).collect();
    let last = Some(Tick::from_secs(108));
    assert_eq!(times, [(Some(SINCE), None), (None, None), (None, last)]);
}

/// A check doubts itself where it has put a backend out, and still fails.
#[test]
fn who_is_not_out_or_passes_again_shows_nothing() {
    let failing = |name| overruled(name, status(404, SINCE));
    let mut wavering = failing("a");
    wavering.health.health = Health::Up;
    let mut passing = failing("a");
    (passing.health.failed, passing.health.failed_since) = (0, None);
    for backend in [wavering, passing] {
        assert_eq!(conditions(&pool(NOW, vec![backend.clone()])), []);
        let told = conditions(&pool(NOW, vec![backend, failing("b")])).remove(0);
        assert_eq!((told.backends_affected, told.begins), (Some(1), false));
    }
}

#[test]
fn names_that_fail_alike_are_one_condition() {
    let (failure, no_such) = (Cause::DependencyDnsFailure, Cause::ConfigDnsNxdomain);
    let mut seen = pool(NOW, vec![well("a")]);
    let other = NameSeen {
        host: "b.example".into(),
        ..name(failure, Tick::from_secs(95))
    };
    seen.names = vec![name(failure, SINCE), name(no_such, SINCE), other];
    let told = conditions(&seen);
    let causes: Vec<_> = told.iter().map(|c| (c.cause, c.since)).collect();
    assert_eq!(
        causes,
        [(failure, Tick::from_secs(95)), (no_such, SINCE)],
        "since the first of them"
    );
    let hosts = told[0].evidence.iter().step_by(2);
    let hosts: Vec<_> = hosts.map(|e| (&*e.what, e.since)).collect();
    assert_eq!(
        hosts,
        [
            ("cart.example: no answer from 10.0.0.53", Some(SINCE)),
            (
                "b.example: no answer from 10.0.0.53",
                Some(Tick::from_secs(95))
            ),
        ]
    );
    assert_eq!(told[0].evidence[1].at, Some(Tick::from_secs(90)));
}

#[test]
fn a_name_that_nobody_knows_is_not_a_resolver_that_fails() {
    let (failure, no_such) = (Cause::DependencyDnsFailure, Cause::ConfigDnsNxdomain);
    for (cause, other, because) in [
        (
            no_such,
            failure,
            "the resolver answers: it says that there is no such name",
        ),
        (
            failure,
            no_such,
            "no resolver has said that there is no such name",
        ),
    ] {
        let mut seen = pool(NOW, vec![well("a")]);
        seen.names = vec![name(cause, SINCE)];
        let told = conditions(&seen).remove(0);
        assert_eq!(told.ruled_out[0], (other, because.to_owned()));
    }
}

#[test]
fn who_is_out_is_named_with_its_reason_and_since_when() {
    let (state, by) = (BackendState::Ejected, By::Traffic);
    let dead = out("b", state, by, Some(REFUSED), SINCE);
    let seen = pool(Tick::from_secs(1000), vec![well("a"), dead]);
    let shown = conditions(&seen).remove(0).evidence.remove(0);
    assert_eq!(shown.since, Some(SINCE));
    assert_eq!(
        shown.what,
        "b (b:80): ejected: connect: connection refused (111)"
    );
}
