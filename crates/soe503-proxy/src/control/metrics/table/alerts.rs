//! Who is told of incidents, and who tells of changes. Without targets there are none of the former.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_alerts_sent_total",
        kind: Kind::Counter,
        unit: "messages",
        labels: &["target", "result"],
        help: "Messages about incidents, by what became of them. `refused`: the target does not want them; `gave_up`: they did not arrive within `give_up_after`.",
        read: Read::Process(|scrape, out| {
            for target in &scrape.alerts {
                for (result, count) in target.sent {
                    out.push(&[&target.name, &result], count);
                }
            }
        }),
    },
    Family {
        name: "soe503_alerts_retried_total",
        kind: Kind::Counter,
        unit: "attempts",
        labels: &["target"],
        help: "Attempts to send a message that failed and are followed by another.",
        read: Read::Process(|scrape, out| {
            for target in &scrape.alerts {
                out.push(&[&target.name], target.retried);
            }
        }),
    },
    Family {
        name: "soe503_alerts_dropped_total",
        kind: Kind::Counter,
        unit: "messages",
        labels: &["target"],
        help: "Messages that had to make room for newer ones, because their target was down for long.",
        read: Read::Process(|scrape, out| {
            for target in &scrape.alerts {
                out.push(&[&target.name], target.dropped);
            }
        }),
    },
    Family {
        name: "soe503_alerts_queued",
        kind: Kind::Gauge,
        unit: "messages",
        labels: &["target"],
        help: "Messages that wait or are on their way: one for each incident, at most 64.",
        read: Read::Process(|scrape, out| {
            for target in &scrape.alerts {
                out.push(&[&target.name], target.depth);
            }
        }),
    },
    Family {
        name: "soe503_alerts_failing",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &["target"],
        help: "1 if the last attempt to send a message failed; `lbctl alerts` says why.",
        read: Read::Process(|scrape, out| {
            for target in &scrape.alerts {
                out.push(&[&target.name], u8::from(target.failing));
            }
        }),
    },
    Family {
        name: "soe503_change_webhooks_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["source", "result"],
        help: "Webhooks of other systems at `/api/v1/changes/…`, by what became of them: `accepted`, `ignored` (nothing in them is a change), `refused` (not signed, or not understood) or `limited`. Only those that came.",
        read: Read::Process(|scrape, out| {
            for (source, result, count) in &scrape.change_hooks {
                out.push(&[source, result], *count);
            }
        }),
    },
];
