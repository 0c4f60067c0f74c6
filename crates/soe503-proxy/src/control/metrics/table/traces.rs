//! Traces. Without them there are none of these.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_traces_exported_total",
        kind: Kind::Counter,
        unit: "spans",
        labels: &[],
        help: "Spans that the collector took.",
        read: Read::Process(|scrape, out| {
            if let Some(traces) = &scrape.traces {
                out.push(&[], traces.exported);
            }
        }),
    },
    Family {
        name: "soe503_traces_dropped_total",
        kind: Kind::Counter,
        unit: "spans",
        labels: &["reason"],
        help: "Spans that were lost; the requests were served all the same. `queue_full`: more waited than `queue_size`. `unanswered`: the collector did not answer, or asked to come back, for a minute. `refused`: it refused the batch for good. `partial`: it took the batch without these. `shutdown`: the process ended first.",
        read: Read::Process(|scrape, out| {
            if let Some(traces) = &scrape.traces {
                for (reason, spans) in &traces.dropped {
                    out.push(&[reason], *spans);
                }
            }
        }),
    },
];
