//! The Prometheus text format, version 0.0.4.

use std::fmt::{Display, Write};

use super::scrape::Scrape;
use super::table::{Family, table};

/// All metrics of `scrape`, as text.
pub fn render(scrape: &Scrape) -> String {
    let mut out = String::with_capacity(16 * 1024);
    for family in table() {
        let mut samples = Samples {
            family,
            text: String::new(),
        };
        family.read.put(scrape, &mut samples);
        // A family without a value is left out: a name alone tells nobody anything.
        if !samples.text.is_empty() {
            let Family { name, kind, .. } = family;
            let _ = writeln!(out, "# HELP {name} {}", escape_help(family.help));
            let _ = writeln!(out, "# TYPE {name} {}", kind.id());
            out.push_str(&samples.text);
        }
    }
    out
}

/// Where a row of the table puts its values.
pub(super) struct Samples<'a> {
    family: &'a Family,
    text: String,
}

// === impl Samples ===

// Writing to a String cannot fail: the results are ignored.
impl Samples<'_> {
    /// One value; `labels` in the order of the row's.
    pub(super) fn push(&mut self, labels: &[&dyn Display], value: impl Display) {
        debug_assert_eq!(
            labels.len(),
            self.family.labels.len(),
            "{}",
            self.family.name
        );
        self.text.push_str(self.family.name);
        if !labels.is_empty() {
            self.text.push('{');
            for (i, (name, value)) in self.family.labels.iter().zip(labels).enumerate() {
                if i > 0 {
                    self.text.push(',');
                }
                let _ = write!(self.text, "{name}=\"");
                let _ = write!(Escaped(&mut self.text), "{value}");
                self.text.push('"');
            }
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

fn escape_help(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
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
