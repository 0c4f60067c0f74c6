//! Rows of the table as lines of DogStatsD's protocol, 1.1: values of one distribution share a line.
//!
//! <https://docs.datadoghq.com/extend/dogstatsd/datagram_shell>

use std::fmt::{Display, Write};

use super::packets::Packets;
use super::told::Told;
use crate::config::Dogstatsd;
use crate::control::metrics::{Example, Family, Kind, Scrape, Sink, Value, table};
use crate::state::DurationsSnapshot;

/// Tags that all metrics have.
pub(crate) const OURS: [&str; 2] = ["server", "soe503_version"];
/// What those of all metrics say about this process.
const BUILD: &str = "soe503_build_info";
/// Datadog keeps these for itself (a tag `host` moves a metric to another host); the check's configuration does likewise.
const RENAMED: [(&str, &str); 3] = [
    ("host", "soe503_host"),
    ("source", "soe503_source"),
    ("version", "tls_version"),
];
/// The characters of a tag, name and value and the colon between them (Datadog cuts longer ones).
const LONGEST_TAG: usize = 200;
/// As many values are told of a bucket, each for as many as it takes.
const SPREAD: u64 = 10;

/// What all lines have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    namespace: String,
    /// Tags of all metrics, with commas between them.
    tags: String,
}

/// Has `packets` take the lines for everything in `scrape`.
pub(super) fn put(scrape: &Scrape, naming: &Naming, told: &mut Told, packets: &mut Packets) {
    let mut lines = Lines {
        naming,
        told,
        packets,
        series: String::new(),
        tags: String::new(),
        line: String::new(),
    };
    for family in table() {
        family.put(scrape, &mut lines);
    }
}

/// The tags that labels become, of all metrics.
pub(crate) fn tags_of_metrics() -> impl Iterator<Item = &'static str> {
    table().flat_map(|family| family.labels.iter().filter_map(|label| tag(family, label)))
}

struct Lines<'a> {
    naming: &'a Naming,
    told: &'a mut Told,
    packets: &'a mut Packets,
    /// Which series it is: by its labels as they are, not as tags have them.
    series: String,
    tags: String,
    line: String,
}

/// The tag that `label` becomes; `None`: all metrics have it.
fn tag(family: &Family, label: &'static str) -> Option<&'static str> {
    if family.name == BUILD {
        return None;
    }
    let renamed = RENAMED.iter().find(|(from, _)| *from == label);
    Some(renamed.map_or(label, |(_, to)| to))
}

// === impl Naming ===

impl Naming {
    /// `server`: how this process is called; `version`: which one it is; `more`: what its environment says about it, where
    /// `settings` say nothing of that name.
    pub(super) fn new(
        settings: &Dogstatsd,
        server: &str,
        version: &str,
        more: &[(&'static str, String)],
    ) -> Self {
        let mut tags = String::new();
        let [of_server, of_version] = OURS;
        let ours = [(of_server, server), (of_version, version)];
        let set = settings
            .tags
            .iter()
            .map(|(name, value)| (&**name, &**value));
        let more = more.iter().map(|(name, value)| (*name, value.as_str()));
        let more = more.filter(|(name, _)| !settings.tags.iter().any(|(set, _)| &**set == *name));
        for (name, value) in ours.into_iter().chain(set).chain(more) {
            add_tag(&mut tags, name, &value);
        }
        Self {
            namespace: settings.namespace.to_string(),
            tags,
        }
    }
}

// === impl Lines ===

// Writing to a String cannot fail: the results are ignored.
impl Sink for Lines<'_> {
    fn value(
        &mut self,
        family: &Family,
        labels: &[&dyn Display],
        value: Value,
        _example: Option<&Example>,
    ) {
        self.label(family, labels);
        match family.kind {
            Kind::Counter => {
                let (now, billionths) = counted(value);
                let grown = self.told.count(&self.series, labels.is_empty(), now);
                if grown == 0 {
                    return;
                }
                self.name(family, ".count");
                self.line.push(':');
                if billionths {
                    decimal(&mut self.line, grown);
                } else {
                    let _ = write!(self.line, "{grown}");
                }
                self.end("c", None);
            }
            _ => {
                if matches!(value, Value::Real(value) if !value.is_finite()) {
                    return;
                }
                self.name(family, "");
                let _ = write!(self.line, ":{value}");
                self.end("g", None);
            }
        }
    }

    fn histogram(&mut self, family: &Family, labels: &[&dyn Display], of: &DurationsSnapshot) {
        self.label(family, labels);
        let Some(grown) = self.told.histogram(&self.series, of) else {
            return;
        };
        let mut low = 0.0;
        for ((edge, _), count) in grown.cumulative().zip(grown.counts) {
            // Of those beyond the last edge no more is known: the agent's check takes that edge for them.
            let high = if edge.is_finite() { edge } else { low };
            let (each, rest) = (count / SPREAD, count % SPREAD);
            if each > 0 {
                self.spread(family, (low, high), SPREAD, each);
            }
            if rest > 0 {
                self.spread(family, (low, high), rest, 1);
            }
            low = edge;
        }
        let count: u64 = grown.counts.iter().sum();
        self.name(family, ".count");
        let _ = write!(self.line, ":{count}");
        self.end("c", None);
        self.name(family, ".sum");
        self.line.push(':');
        decimal(
            &mut self.line,
            u64::try_from(grown.sum.as_nanos()).unwrap_or(u64::MAX),
        );
        self.end("c", None);
    }
}

impl Lines<'_> {
    /// Says which series comes: its tags, and what it is known by.
    fn label(&mut self, family: &Family, labels: &[&dyn Display]) {
        self.series.clear();
        self.series.push_str(family.name);
        self.tags.clear();
        self.tags.push_str(&self.naming.tags);
        for (name, value) in family.labels.iter().zip(labels) {
            let _ = write!(self.series, "\0{value}");
            if let Some(name) = tag(family, name) {
                add_tag(&mut self.tags, name, value);
            }
        }
    }

    /// Begins a line.
    fn name(&mut self, family: &Family, ending: &str) {
        let name = match family.kind {
            Kind::Counter => family.name.strip_suffix("_total").unwrap_or(family.name),
            _ => family.name,
        };
        let (part, name) = match name.strip_prefix("process_") {
            Some(name) => (".process", name),
            None => ("", name.strip_prefix("soe503_").unwrap_or(name)),
        };
        let namespace = &self.naming.namespace;
        self.line.clear();
        let _ = write!(self.line, "{namespace}{part}.{name}{ending}");
    }

    /// Ends it. `each`: every value stands for so many.
    fn end(&mut self, kind: &str, each: Option<u64>) {
        let _ = write!(self.line, "|{kind}");
        if let Some(each) = each.filter(|each| *each > 1) {
            // Agents take the inverse of it, and forget what is behind its point: the inverse must not be less.
            let _ = write!(self.line, "|@{}", 1.0 / (each as f64 + 0.001));
        }
        let _ = write!(self.line, "|#{}", self.tags);
        self.packets.push(&self.line);
    }

    /// So many values, evenly between the edges of their bucket as the agent's check has them, each for `each`.
    fn spread(&mut self, family: &Family, (low, high): (f64, f64), values: u64, each: u64) {
        self.name(family, "");
        for at in 0..values {
            let share = (at as f64 + 0.5) / values as f64;
            self.line.push(':');
            let value = low + (high - low) * share;
            decimal(&mut self.line, (value * 1e9).round() as u64);
        }
        self.end("d", Some(each));
    }
}

/// What a counter counts, exactly; with a fraction, in billionths.
fn counted(value: Value) -> (u64, bool) {
    match value {
        Value::Natural(value) => (value, false),
        Value::Whole(value) => (u64::try_from(value).unwrap_or(0), false),
        Value::Real(value) => ((value * 1e9).round() as u64, true),
    }
}

/// Writes so many billionths.
fn decimal(out: &mut String, billionths: u64) {
    let (whole, rest) = (billionths / 1_000_000_000, billionths % 1_000_000_000);
    let _ = write!(out, "{whole}");
    if rest > 0 {
        let _ = write!(out, ".{rest:09}");
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// Adds a tag to `tags`; one without a value says nothing, and is left out.
fn add_tag(tags: &mut String, name: &str, value: &dyn Display) {
    let before = tags.len();
    if before > 0 {
        tags.push(',');
    }
    tags.push_str(name);
    tags.push(':');
    let bare = tags.len();
    let room = LONGEST_TAG.saturating_sub(name.chars().count() + 1);
    let _ = write!(Clean { out: tags, room }, "{value}");
    if tags.len() == bare {
        tags.truncate(before);
    }
}

/// The value of a tag: without what would end it, a line, or the tags, and not too long.
struct Clean<'a> {
    out: &'a mut String,
    /// So many characters more.
    room: usize,
}

impl Write for Clean<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars().take(self.room) {
            let bad = c.is_control() || matches!(c, ',' | '|');
            self.out.push(if bad { '_' } else { c });
            self.room -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
