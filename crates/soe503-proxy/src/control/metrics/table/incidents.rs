//! Incidents.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_incidents_open",
        kind: Kind::Gauge,
        unit: "incidents",
        labels: &["cause"],
        help: "Incidents that go on, by the cause that most of their failures have, or that they have though nothing fails. Causes that never had one are left out; at most 32 are open.",
        read: Read::Process(|scrape, out| {
            for count in &scrape.incidents {
                out.push(&[&count.cause], count.open);
            }
        }),
    },
    Family {
        name: "soe503_incidents_total",
        kind: Kind::Counter,
        unit: "incidents",
        labels: &["cause"],
        help: "Incidents that were opened, by the cause that led then. One that comes back within five minutes is not counted again.",
        read: Read::Process(|scrape, out| {
            for count in &scrape.incidents {
                out.push(&[&count.cause], count.opened);
            }
        }),
    },
];
