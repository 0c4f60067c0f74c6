//! Requests that are late and sent to a second backend.

use soe503_core::hedge::Withheld;

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_hedge_delay_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["pool"],
        help: "After which time without an answer a request is sent to a second backend. Absent without `hedge`, and while too few answers are known.",
        read: Read::Pool(|pool, out| {
            if let Some(delay) = pool.hedge.as_ref().and_then(|hedge| hedge.delay) {
                out.push(&[&pool.name], delay.as_secs_f64());
            }
        }),
    },
    Family {
        name: "soe503_hedges_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["pool", "result"],
        help: "Second attempts for requests that were late, by what came of them: `won`, answered first; `lost`, cancelled as the attempt before was answered; `failed`.",
        read: Read::Pool(|pool, out| {
            if let Some(hedge) = &pool.hedge {
                out.push(&[&pool.name, &"won"], hedge.won);
                out.push(&[&pool.name, &"lost"], hedge.lost);
                out.push(&[&pool.name, &"failed"], hedge.failed);
            }
        }),
    },
    Family {
        name: "soe503_hedges_withheld_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["pool", "reason"],
        help: "Requests that were late and not sent to a second backend: `panic`, `circuit` (not closed), `probe` (of an ejected backend), `attempts_spent`, `no_other_backend`, `no_time_left` (before the deadline), `crowd` (all backends are slow), `budget_empty` (what is left is for retries).",
        read: Read::Pool(|pool, out| {
            if let Some(hedge) = &pool.hedge {
                for (why, count) in Withheld::ALL.into_iter().zip(hedge.withheld) {
                    out.push(&[&pool.name, &why.id()], count);
                }
            }
        }),
    },
];
