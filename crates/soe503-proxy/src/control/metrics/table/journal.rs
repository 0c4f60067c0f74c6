//! The journal: what survives a restart. Without one there are none of these.

use super::{Family, Kind, Read};
use crate::journal::{Kind as Of, State, TroubleKind};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_journal_up",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &[],
        help: "1 while the journal can be written; while it cannot, the proxy serves on without it.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[], u8::from(journal.status.state == State::Open));
            }
        }),
    },
    Family {
        name: "soe503_journal_trouble",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["kind"],
        help: "1 for what keeps the journal from being written. `in_use`: another process has the file; `foreign_file`: it is no journal, and its name is not that of one.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                for kind in TroubleKind::TOLD {
                    let is = journal
                        .status
                        .trouble
                        .as_ref()
                        .is_some_and(|(it, _)| it.kind == kind);
                    out.push(&[&kind.id()], u8::from(is));
                }
            }
        }),
    },
    Family {
        name: "soe503_journal_bytes",
        kind: Kind::Gauge,
        unit: "bytes",
        labels: &[],
        help: "The length of the journal's file.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[], journal.status.size);
            }
        }),
    },
    Family {
        name: "soe503_journal_entries",
        kind: Kind::Gauge,
        unit: "entries",
        labels: &["kind"],
        help: "Entries in the journal, by kind.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                for kind in Of::ALL {
                    out.push(&[&kind.id()], journal.status.entries(kind));
                }
            }
        }),
    },
    Family {
        name: "soe503_journal_written_total",
        kind: Kind::Counter,
        unit: "entries",
        labels: &[],
        help: "Entries written to the journal.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[], journal.written);
            }
        }),
    },
    Family {
        name: "soe503_journal_dropped_total",
        kind: Kind::Counter,
        unit: "entries",
        labels: &[],
        help: "Entries lost because the journal did not keep up or could not be written.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[], journal.dropped);
            }
        }),
    },
    Family {
        name: "soe503_journal_removed_total",
        kind: Kind::Counter,
        unit: "entries",
        labels: &["why"],
        help: "Entries removed from the journal, because they were older than `max_age` or to stay below `max_size`.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[&"age"], journal.aged);
                out.push(&[&"size"], journal.squeezed);
            }
        }),
    },
    Family {
        name: "soe503_journal_set_aside_total",
        kind: Kind::Counter,
        unit: "files",
        labels: &[],
        help: "Journals that could not be used, were set aside as `NAME.broken` or `NAME.other-format`, and replaced.",
        read: Read::Process(|scrape, out| {
            if let Some(journal) = &scrape.journal {
                out.push(&[], journal.set_aside);
            }
        }),
    },
];
