//! The text: Prometheus 0.0.4, or OpenMetrics 1.0, which differ in little.

use std::fmt::{Display, Write};

use super::format::Format;
use super::samples::{Sink, Value};
use super::scrape::{Example, Scrape};
use super::table::{Family, Kind, table};
use crate::state::DurationsSnapshot;

/// All metrics of `scrape`, as text.
pub fn render(scrape: &Scrape, format: Format) -> String {
    let mut out = String::with_capacity(32 * 1024);
    let mut samples = Text {
        format,
        text: String::new(),
    };
    for family in table() {
        samples.text.clear();
        family.put(scrape, &mut samples);
        // A family without a value is left out: a name alone tells nobody anything.
        if !samples.text.is_empty() {
            let name = family.name_in(format);
            let _ = writeln!(out, "# HELP {name} {}", escape_help(family.help, format));
            let _ = writeln!(out, "# TYPE {name} {}", family.kind.id());
            out.push_str(&samples.text);
        }
    }
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

/// The samples of a family.
struct Text {
    format: Format,
    text: String,
}

// === impl Family ===

impl Family {
    /// In OpenMetrics a counter's values end in `_total`, and its name does not.
    fn name_in(&self, format: Format) -> &'static str {
        match (format, self.kind) {
            (Format::OpenMetrics, Kind::Counter) => {
                self.name.strip_suffix("_total").unwrap_or(self.name)
            }
            _ => self.name,
        }
    }
}

// === impl Text ===

// Writing to a String cannot fail: the results are ignored.
impl Sink for Text {
    fn value(
        &mut self,
        family: &Family,
        labels: &[&dyn Display],
        value: Value,
        example: Option<&Example>,
    ) {
        self.series(family, "", labels, None);
        let _ = write!(self.text, " {value}");
        if let Some(example) = example.filter(|_| self.format == Format::OpenMetrics) {
            self.example(example);
        }
        self.text.push('\n');
    }

    fn histogram(&mut self, family: &Family, labels: &[&dyn Display], of: &DurationsSnapshot) {
        let mut count = 0;
        for (edge, below) in of.cumulative() {
            self.series(family, "_bucket", labels, Some(edge));
            let _ = writeln!(self.text, " {below}");
            count = below;
        }
        self.series(family, "_sum", labels, None);
        let _ = writeln!(self.text, " {}", of.sum.as_secs_f64());
        self.series(family, "_count", labels, None);
        let _ = writeln!(self.text, " {count}");
    }
}

impl Text {
    fn series(
        &mut self,
        family: &Family,
        suffix: &str,
        labels: &[&dyn Display],
        edge: Option<f64>,
    ) {
        self.text.push_str(family.name);
        self.text.push_str(suffix);
        if labels.is_empty() && edge.is_none() {
            return;
        }
        self.text.push('{');
        for (i, (name, value)) in family.labels.iter().zip(labels).enumerate() {
            if i > 0 {
                self.text.push(',');
            }
            let _ = write!(self.text, "{name}=\"");
            let _ = write!(Escaped(&mut self.text), "{value}");
            self.text.push('"');
        }
        if let Some(edge) = edge {
            let comma = if labels.is_empty() { "" } else { "," };
            // Both formats the same, so that a series stays one whichever is asked for: `1.0`, as OpenMetrics wants it.
            let _ = match edge.is_finite() {
                true => write!(self.text, "{comma}le=\"{edge:?}\""),
                false => write!(self.text, "{comma}le=\"+Inf\""),
            };
        }
        self.text.push('}');
    }

    /// At most 128 characters of names and values (OpenMetrics 1.0, Exemplars): 8 + 32 and 10 + 64.
    fn example(&mut self, example: &Example) {
        self.text.push_str(" # {");
        if let Some(id) = example.trace_id {
            let _ = write!(self.text, "trace_id=\"{id:032x}\",");
        }
        self.text.push_str("request_id=\"");
        let _ = write!(Escaped(&mut self.text), "{}", example.request_id);
        let _ = write!(self.text, "\"}} 1.0 {:.3}", example.at.as_secs_f64());
    }
}

fn escape_help(text: &str, format: Format) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    match format {
        Format::Prometheus => text,
        Format::OpenMetrics => text.replace('"', "\\\""),
    }
}

/// The value of a label, written without a copy: there are tens of thousands.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for part in text.split_inclusive(['\\', '\n', '"']) {
            let plain = part.trim_end_matches(['\\', '\n', '"']);
            self.0.push_str(plain);
            self.0.push_str(match &part[plain.len()..] {
                "\\" => "\\\\",
                "\n" => "\\n",
                "\"" => "\\\"",
                _ => "",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a\"b", "a\\\"b"),
            ("\\\\\n\"", "\\\\\\\\\\n\\\""),
            ("é\n", "é\\n"),
        ] {
            let mut out = String::new();
            Escaped(&mut out).write_str(text).unwrap();
            assert_eq!(out, expected);
        }
    }
}
