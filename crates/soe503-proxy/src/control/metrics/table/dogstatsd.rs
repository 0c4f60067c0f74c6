//! What is told to a DogStatsD server. Without one there are none of these.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_dogstatsd_packets_total",
        kind: Kind::Counter,
        unit: "packets",
        labels: &[],
        help: "Packets of metrics that were sent to the DogStatsD server. Over UDP nobody says whether they arrive.",
        read: Read::Process(|scrape, out| {
            if let Some(dogstatsd) = &scrape.dogstatsd {
                out.push(&[], dogstatsd.sent);
            }
        }),
    },
    Family {
        name: "soe503_dogstatsd_dropped_total",
        kind: Kind::Counter,
        unit: "packets",
        labels: &["reason"],
        help: "Packets of metrics that were lost, and what they counted with them. `unreachable`: nobody listens, or the name is not resolved. `full`: the server does not read fast enough. `too_long`: one line alone is longer than a packet may be.",
        read: Read::Process(|scrape, out| {
            if let Some(dogstatsd) = &scrape.dogstatsd {
                for (reason, packets) in &dogstatsd.dropped {
                    out.push(&[reason], *packets);
                }
            }
        }),
    },
];
