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
    Family {
        name: "soe503_incident_active",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["pool", "cause", "incident"],
        help: "1 for each incident that goes on, with the cause that leads and the identifier for `lbctl explain`; `pool` is empty if this proxy itself is concerned.",
        read: Read::Process(|scrape, out| {
            for one in &scrape.open_incidents {
                let pool = one.pool.as_deref().unwrap_or_default();
                out.push(&[&pool, &one.cause, &one.id], 1);
            }
        }),
    },
];
