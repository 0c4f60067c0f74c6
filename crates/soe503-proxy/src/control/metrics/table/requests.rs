//! Requests: how they ended, and what saved them.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_responses_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "status", "origin", "category", "cause"],
        help: "Finished requests. `status` is the class (2xx to 5xx, none: the client left first), `origin` says whether this proxy generated the response or passed a backend's on, `category` and `cause` are empty unless it failed. In OpenMetrics each failure names an example: the request and its trace.",
        read: Read::Pool(|pool, out| {
            for r in &pool.responses {
                let (category, cause) = r.cause.map_or(("", ""), |c| (c.category().id(), c.id()));
                out.push_with(
                    &[&pool.name, &r.class.id(), &r.origin.id(), &category, &cause],
                    r.count,
                    r.example.as_ref(),
                );
            }
        }),
    },
    Family {
        name: "soe503_request_duration_seconds",
        kind: Kind::Histogram,
        unit: "seconds",
        labels: &["pool", "result"],
        help: "From a request's head to the end of its answer, retries and waiting included, by whether it was answered (`ok`, what was given instead of a failure included) or `failed`. Requests whose client left and tunnels are not in it.",
        read: Read::Pool(|pool, out| {
            out.push_histogram(&[&pool.name, &"ok"], &pool.answered);
            // A pool of which no request has failed has one histogram, and not two.
            if pool.failures.counts.iter().any(|count| *count > 0) {
                out.push_histogram(&[&pool.name, &"failed"], &pool.failures);
            }
        }),
    },
    Family {
        name: "soe503_prevented_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "by"],
        help: "Requests that failed at first and were saved, by what saved them: `retry`, another attempt; `hedge`, one that was under way already; `ride_out`, waiting for the pool to come back (of a request that needed both, both tell); `fallback`, a static answer; `stale`, an older one; `failover`, another pool.",
        read: Read::Pool(|pool, out| {
            let by_hedges = pool.prevented_by_hedges;
            out.push(
                &[&pool.name, &"retry"],
                pool.prevented.saturating_sub(by_hedges),
            );
            out.push(&[&pool.name, &"hedge"], by_hedges);
            out.push(&[&pool.name, &"ride_out"], pool.waiting.answered);
            out.push(&[&pool.name, &"fallback"], pool.fallbacks);
            out.push(&[&pool.name, &"stale"], pool.stale);
            out.push(&[&pool.name, &"failover"], pool.failed_over);
        }),
    },
    Family {
        name: "soe503_taken_over_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Requests that this pool got because the pool that they were meant for could not serve them (`failover` of a route). They count as the requests of that other pool.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.taken_over)),
    },
    Family {
        name: "soe503_attempts_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["pool"],
        help: "Tries of finished requests on backends, first ones and retries.",
        read: Read::Pool(|pool, out| out.push(&[&pool.name], pool.attempts)),
    },
    Family {
        name: "soe503_unexplained_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool"],
        help: "Failures that nothing known explains (`unknown/unclassified`). Each is a gap in the diagnosis: please report it.",
        read: Read::Pool(|pool, out| {
            let unexplained = pool
                .responses
                .iter()
                .filter(|r| r.cause == Some(soe503_core::Cause::Unclassified));
            out.push(&[&pool.name], unexplained.map(|r| r.count).sum::<u64>());
        }),
    },
];
