//! Requests that are late and sent to a second backend.

use soe503_core::hedge::Withheld;
use soe503_core::metrics;

use super::{Family, Read};

pub(super) const ROWS: &[Family] = &[
    Family::of(
        &metrics::HEDGE_DELAY_SECONDS,
        Read::Pool(|pool, out| {
            if let Some(delay) = pool.hedge.as_ref().and_then(|hedge| hedge.delay) {
                out.push(&[&pool.name], delay.as_secs_f64());
            }
        }),
    ),
    Family::of(
        &metrics::HEDGES_TOTAL,
        Read::Pool(|pool, out| {
            if let Some(hedge) = &pool.hedge {
                out.push(&[&pool.name, &"won"], hedge.won);
                out.push(&[&pool.name, &"lost"], hedge.lost);
                out.push(&[&pool.name, &"failed"], hedge.failed);
            }
        }),
    ),
    Family::of(
        &metrics::HEDGES_WITHHELD_TOTAL,
        Read::Pool(|pool, out| {
            if let Some(hedge) = &pool.hedge {
                for (why, count) in Withheld::ALL.into_iter().zip(hedge.withheld) {
                    out.push(&[&pool.name, &why.id()], count);
                }
            }
        }),
    ),
];
