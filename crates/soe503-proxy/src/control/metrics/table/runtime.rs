//! What the process uses, and whether its threads come to run in time. Names are those that other processes use, where
//! there are such.

use super::{Family, Kind, Read};
use crate::control::metrics::samples::{Samples, Value};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_event_loop_lag_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["loop"],
        help: "The longest by which a timer of this thread was late in the last 30 to 60 seconds, or how long the thread has stood still: what everything on it waits for. Beyond 0.05 requests feel it.",
        read: Read::Process(|scrape, out| {
            for one in &scrape.loops {
                out.push(&[&one.name], one.worst.as_secs_f64());
            }
        }),
    },
    Family {
        name: "soe503_event_loop_late_total",
        kind: Kind::Counter,
        unit: "times",
        labels: &["loop"],
        help: "How often a timer of this thread was more than 50 ms late. Workers have four a second, the control thread forty.",
        read: Read::Process(|scrape, out| {
            for one in &scrape.loops {
                out.push(&[&one.name], one.late);
            }
        }),
    },
    Family {
        name: "soe503_cpu_quota_periods_total",
        kind: Kind::Counter,
        unit: "periods",
        labels: &[],
        help: "Periods of our control group's CPU quota in which it ran. Absent without a quota.",
        read: Read::Process(|scrape, out| put(scrape.usage.quota.map(|quota| quota.periods), out)),
    },
    Family {
        name: "soe503_cpu_quota_throttled_periods_total",
        kind: Kind::Counter,
        unit: "periods",
        labels: &[],
        help: "Those in which the quota was used up and the group was stopped.",
        read: Read::Process(|scrape, out| {
            put(scrape.usage.quota.map(|quota| quota.throttled), out);
        }),
    },
    Family {
        name: "soe503_cpu_quota_throttled_seconds_total",
        kind: Kind::Counter,
        unit: "seconds",
        labels: &[],
        help: "How long the group was stopped, the times of all its processors added.",
        read: Read::Process(|scrape, out| {
            put(
                scrape.usage.quota.map(|quota| quota.stopped.as_secs_f64()),
                out,
            );
        }),
    },
    Family {
        name: "process_cpu_seconds_total",
        kind: Kind::Counter,
        unit: "seconds",
        labels: &[],
        help: "Processor time that the process has used, in user mode and in the kernel.",
        read: Read::Process(|scrape, out| put(scrape.usage.cpu.map(|cpu| cpu.as_secs_f64()), out)),
    },
    Family {
        name: "process_resident_memory_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        labels: &[],
        help: "Memory of the process that is there.",
        read: Read::Process(|scrape, out| put(scrape.usage.resident, out)),
    },
    Family {
        name: "process_virtual_memory_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        labels: &[],
        help: "Address space of the process.",
        read: Read::Process(|scrape, out| put(scrape.usage.address_space, out)),
    },
    Family {
        name: "process_open_fds",
        kind: Kind::Gauge,
        unit: "descriptors",
        labels: &[],
        help: "File descriptors that are open: two for each request that is passed on, one for each idle connection.",
        read: Read::Process(|scrape, out| put(scrape.usage.open_fds, out)),
    },
    Family {
        name: "process_max_fds",
        kind: Kind::Gauge,
        unit: "descriptors",
        labels: &[],
        help: "How many may be open (the soft limit); absent if there is no limit.",
        read: Read::Process(|scrape, out| put(scrape.usage.max_fds, out)),
    },
    Family {
        name: "process_threads",
        kind: Kind::Gauge,
        unit: "threads",
        labels: &[],
        help: "Threads of the process.",
        read: Read::Process(|scrape, out| put(scrape.usage.threads, out)),
    },
    Family {
        name: "process_start_time_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &[],
        help: "When the process started, in seconds since 1970.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.started.as_secs_f64())),
    },
];

/// What the kernel did not say is left out.
fn put(value: Option<impl Into<Value>>, out: &mut Samples<'_>) {
    if let Some(value) = value {
        out.push(&[], value);
    }
}
